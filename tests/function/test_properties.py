"""What holds for every body and every flight, found out by Hypothesis and the kept corpus."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import InputError
from function.flights import DAY_SO_FAR, SCHEDULED, Flight, decode
from function.metadata import SHARES
from tests.fuzz.invariants import FIELDS, TIMES, assert_answerable
from tests.support.at_hand import CATEGORIES, MODEL
from tests.support.paths import ROOT

ENCODER: Final = MODEL.encoder

untimed = st.fixed_dictionaries(
    {field: st.sampled_from(getattr(CATEGORIES, field)) for field in FIELDS},
    optional={SCHEDULED: st.none(), DAY_SO_FAR: st.none()},
)
shares = st.none() | st.floats(0, 1) | st.sampled_from([0, 1, *SHARES])
forms = st.sampled_from(TIMES)
timed = st.builds(
    lambda flight, time, form, share: {
        **flight,
        "MES": time.month,
        SCHEDULED: time.strftime(form),
        DAY_SO_FAR: share,
    },
    untimed,
    st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).filter(
        lambda time: time.month in CATEGORIES.MES
    ),
    forms,
    shares,
)
known = untimed | timed
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
# Flights with one field wrong at most, and others beside them.
nearly = st.builds(
    lambda flight, field, value, more: {**more, **flight, field: value},
    known,
    st.sampled_from([*FIELDS, SCHEDULED, DAY_SO_FAR, "other"]),
    anything,
    st.dictionaries(st.text(), scalars, max_size=3),
)
payloads = st.fixed_dictionaries({"flights": st.lists(known | nearly, max_size=20)}) | anything
CORPUS: Final = sorted((ROOT / "tests/fuzz/corpus").iterdir())


@given(st.binary(max_size=2000))
def test_any_bytes_are_flights_or_an_error(body: bytes) -> None:
    assert_answerable(body, ENCODER, CATEGORIES)


@given(payloads, st.booleans(), st.sampled_from([None, 2]))
def test_any_json_is_flights_or_an_error(payload: object, ascii_: bool, indent: int | None) -> None:  # noqa: FBT001
    text = json.dumps(payload, ensure_ascii=ascii_, indent=indent)
    assert_answerable(text.encode("utf-8", "surrogatepass"), ENCODER, CATEGORIES)


@given(st.lists(known, max_size=50))
def test_known_flights_become_their_cells(flights: list[dict[str, str | float | None]]) -> None:
    body = json.dumps({"flights": flights}).encode()
    assert assert_answerable(body, ENCODER, CATEGORIES) == len(flights)


@given(st.lists(known, min_size=1, max_size=50), st.data())
def test_a_flight_is_answered_alike_alone_and_among_others(
    flights: list[dict[str, str | float | None]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(flights) - 1))
    answers = [
        MODEL.predict(ENCODER.cells(decode(json.dumps({"flights": part}).encode())))
        for part in (flights, [flights[place]])
    ]
    among, alone = ((prediction.delay, prediction.probability) for prediction in answers)
    assert [column[place] for column in among] == [column[0] for column in alone]


@given(st.text(), st.text(), st.integers())
def test_an_unknown_flight_is_named_at_its_place(
    airline: str, flight_type: str, month: int
) -> None:
    flight = Flight(airline, flight_type, month)
    good = Flight(CATEGORIES.OPERA[0], CATEGORIES.TIPOVUELO[0], CATEGORIES.MES[0])
    wrong = [f for f in FIELDS if getattr(flight, f) not in getattr(CATEGORIES, f)]
    if not wrong:
        assert len(ENCODER.cells([good, flight])) == 2
        return
    with pytest.raises(InputError) as caught:
        ENCODER.cells([good, flight])
    assert caught.value.path == f"$.flights[1].{wrong[0]}"


@pytest.mark.parametrize("body", CORPUS, ids=lambda path: path.stem)
def test_what_fuzzing_found_stays_mended(body: Path) -> None:
    assert_answerable(body.read_bytes(), ENCODER, CATEGORIES)

"""The function's one-hot mapping is the fitted encoder's, and unknowns are told apart."""

import math
from datetime import datetime

import msgspec
import numpy as np
import pytest

from function.encoder import Encoder
from function.errors import InputError
from function.flights import Flight
from function.metadata import HOURS, RANGES, SHARES, Categories
from training.export.parity import requests_of
from training.flights.counts import Counts
from training.flights.features import cells_of, every_cell, flights_of, one_hot

EVENING = datetime(2017, 7, 14, 19, 30)


@pytest.fixture
def encoder(santiago: Counts) -> Encoder:
    """Return the encoder of Santiago."""
    return Encoder(santiago.categories)


def refusal(encoder: Encoder, *flights: Flight) -> InputError:
    with pytest.raises(InputError) as raised:
        encoder.cells(flights)
    return raised.value


@pytest.mark.parametrize(
    "airport", [pytest.param("santiago", marks=pytest.mark.slow), "elsewhere", "elsewhere_timed"]
)
def test_one_hot_rows_are_those_of_scikit_learn(
    airport: str, request: pytest.FixtureRequest
) -> None:
    counts: Counts = request.getfixturevalue(airport)
    encoder = Encoder(counts.categories)
    for cells in every_cell(counts.categories):
        rows = encoder.one_hot(cells)
        assert rows.dtype == np.float32
        expected = one_hot(flights_of(cells, counts.categories), counts.categories)
        assert np.array_equal(rows, expected.to_numpy())


def test_one_row_alone_is_as_among_others(encoder: Encoder) -> None:
    cells = np.random.default_rng(3).integers(0, math.prod(encoder.numbers.sizes), 50)
    together = encoder.one_hot(cells)
    assert np.array_equal(together, np.concatenate([encoder.one_hot(c[None]) for c in cells]))


@pytest.mark.parametrize(
    "airport", [pytest.param("santiago", marks=pytest.mark.slow), "elsewhere_timed"]
)
def test_cells_number_the_possible_flights(airport: str, request: pytest.FixtureRequest) -> None:
    counts: Counts = request.getfixturevalue(airport)
    encoder = Encoder(counts.categories)
    for cells in every_cell(counts.categories):
        flights = flights_of(cells, counts.categories)
        assert encoder.cells(requests_of(flights)).tolist() == cells.tolist()
        assert cells_of(flights, counts.categories).tolist() == cells.tolist()


def test_a_model_without_times_ignores_valid_ones(elsewhere: Counts) -> None:
    encoder = Encoder(elsewhere.categories)
    flights = [Flight("Ñandú Air", "N", 8, time) for time in (None, datetime(2017, 8, 14, 19, 30))]
    assert len(set(encoder.cells(flights).tolist())) == 1
    assert encoder.width == 4 + 2 + 7 + 1 + 1 + 1


def test_the_edge_of_two_ranges_belongs_to_the_upper_one(encoder: Encoder) -> None:
    def ranges(shares: list[float | None]) -> list[int]:
        flights = [Flight("Sky Airline", "N", 7, EVENING, share) for share in shares]
        (without,) = encoder.cells([Flight("Sky Airline", "N", 7, EVENING)])
        return [int(cell - without) for cell in encoder.cells(flights)]

    assert SHARES == (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
    upper = [*range(2, 9)]  # 0 is "not given", 1 the range from 0
    assert ranges([*SHARES]) == ranges([math.nextafter(edge, 1) for edge in SHARES]) == upper
    assert ranges([math.nextafter(edge, 0) for edge in SHARES]) == [n - 1 for n in upper]
    assert ranges([None, 0, -0.0, 5e-324, 1]) == [0, 1, 1, 1, 8]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"HOY": RANGES[:1]}, id="without the day"),
        pytest.param({"HOY": RANGES[:1], "HORA": HOURS[:1], "DIANOM": ("",)}, id="without times"),
    ],
)
def test_a_model_without_the_day_checks_it_and_ignores_it(
    santiago: Counts, changes: dict[str, tuple[int | str, ...]]
) -> None:
    encoder = Encoder(msgspec.structs.replace(santiago.categories, **changes))
    shares = [None, 0, 0.4, 1]
    flights = [Flight("Sky Airline", "N", 7, EVENING, share) for share in shares]
    assert len(set(encoder.cells(flights).tolist())) == 1
    for bad in (Flight("Sky Airline", "N", 7, EVENING, 1.5), Flight("Sky Airline", "N", 7, HOY=0)):
        assert refusal(encoder, *flights, bad).path == "$.flights[4].HOY"


def test_no_flights_have_no_cells(encoder: Encoder) -> None:
    assert encoder.cells([]).tolist() == []


@pytest.mark.parametrize(
    ("flight", "field", "message"),
    [
        pytest.param(
            Flight("Sky Airlines", "N", 3),
            "OPERA",
            "Expected one of the 23 values that `GET /model` lists, "
            'got "Sky Airlines" (did you mean "Sky Airline"?)',
            id="near miss",
        ),
        pytest.param(
            Flight("KLM", "N", 3), "OPERA", 'got "KLM" (did you mean "K.L.M."?)', id="without dots"
        ),
        pytest.param(Flight("Pan Am", "N", 3), "OPERA", 'got "Pan Am"', id="nothing near"),
        pytest.param(Flight("x" * 99, "N", 3), "OPERA", f'got "{"x" * 59}…', id="long name"),
        pytest.param(
            Flight("Sky Airline", "n", 3),
            "TIPOVUELO",
            'Expected one of "I", "N", got "n" (did you mean "N"?)',
            id="type",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 13),
            "MES",
            "Expected an integer from 1 to 12, got 13",
            id="month",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 10**30),
            "MES",
            "Expected an integer from 1 to 12, got a number out of range",
            id="large month",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 8, datetime(2017, 7, 14, 19, 30)),
            "Fecha-I",
            "Expected a time within a day of month 8, which is `MES`, got one in month 7",
            id="another month",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 8, datetime(2017, 7, 30, 23, 59)),
            "Fecha-I",
            "Expected a time within a day of month 8, which is `MES`, got one in month 7",
            id="the month two days later",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 3, datetime(2020, 2, 28, 23, 59)),
            "Fecha-I",
            "Expected a time within a day of month 3, which is `MES`, got one in month 2",
            id="the month after a leap day",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 7, EVENING, 40),
            "HOY",
            "Expected a share of flights from 0 to 1, such as 0.4 for 40 %, got 40",
            id="a percentage for the day",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 7, EVENING, -0.1),
            "HOY",
            "Expected a share of flights from 0 to 1, such as 0.4 for 40 %, got -0.1",
            id="a negative day",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 7, None, 0.4),
            "HOY",
            "Expected `Fecha-I` beside `HOY`, got none",
            id="a day without a time",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 7, None, 40),
            "HOY",
            "Expected a share of flights from 0 to 1, such as 0.4 for 40 %, got 40",
            id="a percentage without a time",
        ),
    ],
)
def test_an_unknown_category_is_refused_with_what_was_meant(
    encoder: Encoder, flight: Flight, field: str, message: str
) -> None:
    good = [
        Flight("Sky Airline", "N", 3),
        Flight("Sky Airline", "N", 3, datetime(2017, 3, 14, 19, 30)),
    ]
    error = refusal(encoder, *good, flight, flight)
    assert error.path == f"$.flights[2].{field}"
    assert str(error).endswith(f"{message} - at `{error.path}`")


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("month", "time"),
    [
        (2, datetime(2017, 1, 31, 23, 55)),
        (1, datetime(2017, 12, 31, 23, 40)),
        (12, datetime(2017, 1, 1, 0, 5)),
        (2, datetime(2017, 3, 1, 0, 5)),
        (3, datetime(2017, 2, 28, 23, 55)),
        (3, datetime(2020, 2, 29, 23, 55)),
        (1, datetime(9999, 12, 31, 23, 59)),
        (12, datetime(1, 1, 1, 0, 5)),
    ],
    ids=str,
)
def test_the_month_may_be_that_of_the_day_before_or_after(
    encoder: Encoder, month: int, time: datetime
) -> None:
    untimed, timed = encoder.cells(
        [Flight("Sky Airline", "N", month), Flight("Sky Airline", "N", month, time)]
    )
    # The flight keeps its own month, with the hour and weekday of its schedule.
    *_, hour, weekday, _ = encoder.numbers.strides
    assert timed - untimed == hour * (time.hour + 1) + weekday * (time.weekday() + 1)


def test_months_with_a_gap_are_listed(elsewhere: Counts) -> None:
    error = refusal(Encoder(elsewhere.categories), Flight("Ñandú Air", "N", 4))
    assert str(error).startswith("Expected one of 1, 2, 3, 5, 8, 11, 12, got 4")


def test_up_to_twelve_categories_are_listed() -> None:
    def message(number: int) -> str:
        airlines = tuple(f"Airline {i}" for i in range(number))
        return str(refusal(Encoder(Categories(airlines, ("N",), (1,))), Flight("?", "N", 1)))

    assert message(12).startswith('Expected one of "Airline 0", "Airline 1", ')
    assert message(13).startswith("Expected one of the 13 values that `GET /model` lists, got")

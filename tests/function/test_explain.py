"""Explanations add up, and are those of the definition."""

import asyncio
import itertools
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from function.errors import TooManyError
from function.evidence import Evidence, TrainingFlights
from function.explain import Explainer, Explanation
from function.flights import Flight
from function.metadata import RANGES, SHARES
from function.model import Model
from tests.support.at_hand import TODAY
from tests.support.paths import ROOT
from training.export.parity import requests_of
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, FLIGHT, cells_of, every_cell, flights_of
from training.release.publish import publish

NAMES = ("OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM")

# The sums run in double precision over probabilities below 1.
TOLERANCE = 1e-12

type Digits = tuple[int, ...]


def ask(client: TestClient, flights: list[Flight]) -> Explanation:
    response = client.post("/explain", json=msgspec.to_builtins({"flights": flights}))
    return msgspec.json.decode(response.content, type=Explanation)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ROOT / "function" / "model.onnx")


@pytest.fixture(scope="module")
def untimed(model: Model) -> list[Flight]:
    """Return all possible flights without a time, in the order of their cells."""
    known = msgspec.structs.astuple(model.metadata.categories)[:3]
    return [Flight(*values) for values in itertools.product(*known)]


@pytest.fixture(scope="module")
def timed(model: Model) -> list[Flight]:
    """Return some flights with a time, drawn from all possible ones."""
    cells = np.concatenate(list(every_cell(model.metadata.categories)))
    drawn = np.random.default_rng(5).choice(cells, 60, replace=False)
    flights = requests_of(flights_of(drawn, model.metadata.categories))
    return [msgspec.structs.replace(flight, HOY=None) for flight in flights if flight.scheduled]


@pytest.fixture(scope="module")
def answer(client: TestClient, untimed: list[Flight]) -> Explanation:
    return ask(client, untimed)


@pytest.fixture(scope="module")
def timed_answer(client: TestClient, timed: list[Flight]) -> Explanation:
    return ask(client, timed)


class Definition:
    """The game as its docstring defines it, one training flight and one order at a time."""

    def __init__(self, model: Model, santiago: Counts) -> None:
        self._model, self._sizes = model, model.encoder.numbers.sizes
        train = santiago.without_day().part("train")
        train = train.groupby(FEATURES, as_index=False)[["flights"]].sum()  # over the weeks
        known = model.metadata.categories
        places = [
            train[name].map({value: i for i, value in enumerate(getattr(known, name))})
            for name in NAMES
        ]
        rows = zip(zip(*places, strict=True), train["flights"], strict=True)
        self._training = Counter({digits: int(flights) for digits, flights in rows})

    def value(self, own: Digits, coalition: frozenset[int]) -> float:
        forgets_time = not coalition & {3, 4}
        asked: Counter[Digits] = Counter()
        for other, flights in self._training.items():
            digits = [own[i] if i in coalition else other[i] for i in range(5)]
            asked[tuple([*digits[:3], 0, 0, 0] if forgets_time else [*digits, 0])] += flights
        cells = np.ravel_multi_index(np.array(list(asked)).T, self._sizes)
        probability = self._model.predict(cells.astype(np.int64)).probability.astype(np.float64)
        return float(np.average(probability, weights=list(asked.values())))

    def shapley(self, own: Digits, players: range) -> list[float]:
        values = {
            frozenset(group): self.value(own, frozenset(group))
            for size in range(len(players) + 1)
            for group in itertools.combinations(players, size)
        }
        adds = dict.fromkeys(players, 0.0)
        orders = list(itertools.permutations(players))
        for order in orders:
            for place, feature in enumerate(order):
                before = frozenset(order[:place])
                adds[feature] += values[before | {feature}] - values[before]
        return [adds[feature] / len(orders) for feature in players]


@pytest.fixture(scope="module")
def definition(model: Model, santiago: Counts) -> Definition:
    return Definition(model, santiago)


def digits_of(model: Model, flight: Flight) -> Digits:
    (cell,) = model.encoder.cells([flight])
    return tuple(int(digit) for digit in np.unravel_index(cell, model.encoder.numbers.sizes))


@pytest.mark.santiago
def test_without_a_time_they_are_the_shapley_values_of_the_definition(
    answer: Explanation, untimed: list[Flight], definition: Definition, model: Model
) -> None:
    for flight, explained in list(zip(untimed, answer.explanations, strict=True))[::61]:
        expected = definition.shapley(digits_of(model, flight), range(3))
        adds = explained.adds
        assert pytest.approx(expected, abs=TOLERANCE) == [adds.OPERA, adds.TIPOVUELO, adds.MES]
        assert adds.HORA is adds.DIANOM is msgspec.UNSET


@pytest.mark.slow
@pytest.mark.santiago
def test_with_a_time_they_are_the_shapley_values_of_the_definition(
    timed_answer: Explanation, timed: list[Flight], definition: Definition, model: Model
) -> None:
    for flight, explained in list(zip(timed, timed_answer.explanations, strict=True))[::15]:
        expected = definition.shapley(digits_of(model, flight), range(5))
        found = msgspec.structs.astuple(explained.adds)[:5]  # the day is no player
        assert list(found) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.santiago
def test_they_add_up_to_the_probability(answer: Explanation, timed_answer: Explanation) -> None:
    assert answer.base_rate == timed_answer.base_rate
    assert len(answer.explanations) == 552
    for explained in [*answer.explanations, *timed_answer.explanations]:
        adds = msgspec.to_builtins(explained.adds).values()
        assert answer.base_rate + sum(adds) == pytest.approx(explained.probability, abs=TOLERANCE)


def test_the_base_rate_is_the_mean_prediction_over_the_training_flights(
    answer: Explanation,
) -> None:
    seen = [(each.training.flights, each.probability) for each in answer.explanations]
    mean = sum(n * p for n, p in seen) / sum(n for n, _ in seen)
    assert answer.base_rate == pytest.approx(mean, abs=TOLERANCE)


def test_decision_and_probability_are_those_of_predict(
    client: TestClient, untimed: list[Flight], timed: list[Flight]
) -> None:
    flights = [*untimed[::7], *timed]
    body = msgspec.to_builtins({"flights": flights})
    predicted = client.post("/predict?probability=true", json=body).json()
    explained = ask(client, flights).explanations
    assert [each.predict for each in explained] == predicted["predict"]
    assert [each.probability for each in explained] == predicted["probability"]


@pytest.mark.santiago
def test_the_training_flights_are_those_that_were_counted(
    client: TestClient, santiago: Counts
) -> None:
    table = santiago.without_day().part("train")
    table = table.groupby(FEATURES, as_index=False)[TOTALS].sum()  # over the weeks
    rows = table.iloc[:: len(table) // 90]
    rows = rows.assign(HOY=np.resize(RANGES, len(rows)))  # whatever the day so far
    answers = ask(client, requests_of(rows)).explanations
    sums = {
        (airline, flight_type, month): counted(*totals)
        for airline, flight_type, month, *totals in (
            table.groupby(FLIGHT, as_index=False)[TOTALS].sum().to_numpy().tolist()
        )
    }
    for row, explained in zip(rows[[*FLIGHT, *TOTALS]].to_numpy().tolist(), answers, strict=True):
        *flight, flights, delayed = row
        assert explained.training == counted(flights, delayed)
        assert explained.training_without_time == sums[tuple(flight)]


def counted(flights: int, delayed: int) -> TrainingFlights:
    return TrainingFlights(flights, delayed, delayed / flights)


def test_a_cell_that_training_never_saw_has_no_rate(model: Model) -> None:
    evidence = Evidence(model)
    cells = np.concatenate(list(every_cell(model.metadata.categories)))
    seen = np.concatenate([evidence.untimed[0], evidence.timed[0]])  # without the day so far
    unseen = cells[~np.isin(model.encoder.numbers.without_day(cells), seen)]
    assert evidence.of(unseen[:3]) == [TrainingFlights(0, 0, None)] * 3


def test_a_model_without_times_has_seen_no_timed_cells(elsewhere: Counts, tmp_path: Path) -> None:
    publish(elsewhere, "all", tmp_path)
    evidence = Evidence(Model(tmp_path / "model.onnx"))
    assert evidence.timed.shape == (3, 0)
    train = elsewhere.part("train")
    train = train[train["flights"] > 0]
    expected = [counted(*totals) for totals in train[TOTALS].itertuples(index=False)]
    assert evidence.of(cells_of(train, elsewhere.categories)) == expected


@pytest.mark.santiago
def test_explanations_come_in_the_order_of_the_flights(client: TestClient) -> None:
    june, july = Flight("Grupo LATAM", "N", 6), Flight("Grupo LATAM", "N", 7)
    evening = Flight("Grupo LATAM", "N", 7, datetime(2017, 7, 14, 19, 30))
    asked = [july, evening, june, july, evening]
    together = ask(client, asked).explanations
    assert together == [ask(client, [flight]).explanations[0] for flight in asked]
    assert len({str(each) for each in together}) == 3


def test_what_explanations_need_of_the_training_flights_is_worked_out_once(
    client: TestClient, main: ModuleType, timed: list[Flight]
) -> None:
    def needed() -> list[object]:
        ask(client, timed[:1])
        evidence = main.handlers._evidence
        assert main.handlers._explainer._evidence is evidence
        return [main.handlers._explainer, evidence.timed, evidence.untimed, evidence._seen]

    assert all(first is second for first, second in zip(needed(), needed(), strict=True))


def test_no_flights_are_explained_as_none(client: TestClient) -> None:
    assert ask(client, []).explanations == []


@pytest.mark.santiago
def test_flights_with_a_time_are_bounded_by_the_rows_that_they_take(
    client: TestClient, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = Flight("Grupo LATAM", "N", 7, datetime(2017, 7, 14, 19, 30))
    assert len(ask(client, [evening] * 100).explanations) == 100
    monkeypatch.setattr("function.explain.MAX_ENCODED", 20_000)
    explainer = Explainer(model, Evidence(model))
    asyncio.run(explainer.explain(model.encoder.cells([evening] * 2)))
    with pytest.raises(TooManyError, match=r"Expected at most 2 flights with a time .* got 3"):
        asyncio.run(explainer.explain(model.encoder.cells([evening] * 3)))


@pytest.mark.santiago
def test_other_work_is_done_while_flights_are_explained(model: Model) -> None:
    async def explain() -> int:
        turns = 0
        explaining = asyncio.create_task(Explainer(model, Evidence(model)).explain(cells))
        while not explaining.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    cells = model.encoder.cells([Flight("Grupo LATAM", "N", 7, datetime(2017, 7, 14, 19, 30))])
    assert asyncio.run(explain()) > 32


@pytest.fixture(scope="module")
def in_days(timed: list[Flight]) -> list[Flight]:
    """Return the flights with a time, each in another range of the day so far."""
    shares = itertools.cycle([0.0, *SHARES])
    return [msgspec.structs.replace(f, HOY=next(shares)) for f in timed]


def test_the_day_adds_what_it_changes_in_the_probability(
    client: TestClient, in_days: list[Flight]
) -> None:
    days = ask(client, in_days)
    without = ask(client, [msgspec.structs.replace(flight, HOY=None) for flight in in_days])
    assert days.base_rate == without.base_rate
    for day, same in zip(days.explanations, without.explanations, strict=True):
        assert day.probability - same.probability == day.adds.HOY
        assert msgspec.structs.replace(day.adds, HOY=msgspec.UNSET) == same.adds
        assert same.adds.HOY is msgspec.UNSET
        adds = msgspec.to_builtins(day.adds).values()
        assert days.base_rate + sum(adds) == pytest.approx(day.probability, abs=TOLERANCE)
        assert day.training == same.training
        assert day.training_without_time == same.training_without_time
    assert len({each.adds.HOY for each in days.explanations}) > len(in_days) // 2


def test_flights_in_each_way_are_explained_beside_each_other(
    client: TestClient, in_days: list[Flight]
) -> None:
    timed = msgspec.structs.replace(in_days[0], HOY=None)
    untimed = msgspec.structs.replace(timed, scheduled=None)
    asked = [in_days[0], untimed, timed, in_days[1], untimed]
    together = ask(client, asked).explanations
    assert together == [ask(client, [flight]).explanations[0] for flight in asked]


def test_a_day_without_a_time_is_rejected_with_its_path(client: TestClient) -> None:
    flights = [TODAY, TODAY | {"Fecha-I": None}]
    response = client.post("/explain", json={"flights": flights})
    assert (response.status_code, response.json()["path"]) == (400, "$.flights[1].HOY")


def test_unknown_category_is_rejected_with_its_path(client: TestClient) -> None:
    response = client.post(
        "/explain", json={"flights": [{"OPERA": "?", "TIPOVUELO": "N", "MES": 1}]}
    )
    assert response.status_code == 400
    assert response.json()["path"] == "$.flights[0].OPERA"

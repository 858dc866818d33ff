"""Reasons add up, and are those of the definition."""

import itertools
from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from function.encoder import Encoder
from function.explain import Explainer, Explanation, Memory
from function.flights import Flight
from function.model import Model
from tests.support.paths import ROOT

FEATURES = ("OPERA", "TIPOVUELO", "MES")

type Plain = Callable[[Flight], dict[str, float]]

# The sums run in double precision over 552 probabilities below 1.
TOLERANCE = 1e-12


def ask(client: TestClient, flights: list[Flight]) -> Explanation:
    response = client.post("/explain", json=msgspec.to_builtins({"flights": flights}))
    return msgspec.json.decode(response.content, type=Explanation)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ROOT / "function" / "model.onnx")


@pytest.fixture(scope="module")
def flights(model: Model) -> list[Flight]:
    """Return all possible flights, in the order of their cells."""
    known = msgspec.structs.astuple(model.metadata.categories)
    return [Flight(*values) for values in itertools.product(*known)]


@pytest.fixture(scope="module")
def answer(client: TestClient, flights: list[Flight]) -> Explanation:
    return ask(client, flights)


@pytest.fixture(scope="module")
def plain(model: Model, flights: list[Flight]) -> Plain:
    """Return (flight) -> {feature: Shapley value}, by the definition and one flight at a time."""
    encoder = Encoder(model.metadata.categories)
    cells = np.arange(len(flights))
    f = dict(zip(flights, model.predict(encoder.one_hot, cells).probability.tolist(), strict=True))
    seen = Counter({flights[c.cell]: c.flights for c in model.metadata.training_counts})

    def worth(flight: Flight, coalition: frozenset[str]) -> float:
        own = {field: getattr(flight, field) for field in coalition}
        total = 0.0
        for other, times in seen.items():
            total += times * f[msgspec.structs.replace(other, **own)]
        return total / seen.total()

    def shapley(flight: Flight) -> dict[str, float]:
        adds = dict.fromkeys(FEATURES, 0.0)
        orders = list(itertools.permutations(FEATURES))
        for order in orders:
            for place, feature in enumerate(order):
                before = frozenset(order[:place])
                adds[feature] += worth(flight, before | {feature}) - worth(flight, before)
        return {feature: adds[feature] / len(orders) for feature in FEATURES}

    return shapley


def test_reasons_are_the_shapley_values_of_the_definition(
    answer: Explanation, flights: list[Flight], plain: Plain
) -> None:
    every_23rd = list(zip(flights, answer.explanations, strict=True))[::23]
    for flight, reasons in every_23rd:
        assert msgspec.to_builtins(reasons.adds) == pytest.approx(plain(flight), abs=TOLERANCE)


def test_reasons_add_up_to_the_probability_of_every_possible_flight(answer: Explanation) -> None:
    assert len(answer.explanations) == 552
    for reasons in answer.explanations:
        total = answer.base_rate + sum(msgspec.structs.astuple(reasons.adds))
        assert total == pytest.approx(reasons.probability, abs=TOLERANCE)


def test_base_rate_is_the_mean_prediction_over_the_training_flights(answer: Explanation) -> None:
    seen = [(r.training.flights, r.probability) for r in answer.explanations]
    mean = sum(n * p for n, p in seen) / sum(n for n, _ in seen)
    assert answer.base_rate == pytest.approx(mean, abs=TOLERANCE)


def test_decision_and_probability_are_those_of_predict(
    client: TestClient, answer: Explanation, flights: list[Flight]
) -> None:
    body = msgspec.to_builtins({"flights": flights})
    predicted = client.post("/predict?probability=true", json=body).json()
    assert [r.predict for r in answer.explanations] == predicted["predict"]
    assert [r.probability for r in answer.explanations] == predicted["probability"]


def test_memory_is_what_training_counted(answer: Explanation, model: Model) -> None:
    counted = {c.cell: (c.flights, c.delayed) for c in model.metadata.training_counts}
    for cell, reasons in enumerate(answer.explanations):
        seen, delayed = counted.get(cell, (0, 0))
        rate = delayed / seen if seen else None
        assert reasons.training == Memory(seen, delayed, rate)


def test_explanations_come_in_the_order_of_the_flights(client: TestClient) -> None:
    june, july = Flight("Grupo LATAM", "N", 6), Flight("Grupo LATAM", "N", 7)
    together = ask(client, [july, june, july]).explanations
    assert together == [ask(client, [flight]).explanations[0] for flight in (july, june, july)]
    assert together[0] != together[1]


def test_no_flights_are_explained_as_none(client: TestClient) -> None:
    assert ask(client, []).explanations == []


def test_the_model_runs_once_however_often_it_is_asked(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    explainer = Explainer(model, Encoder(model.metadata.categories))
    monkeypatch.delattr(model, "_session")
    assert len(explainer.explain(np.array([3, 551, 3])).explanations) == 3


def test_unknown_category_is_rejected_with_its_path(client: TestClient) -> None:
    response = client.post(
        "/explain", json={"flights": [{"OPERA": "?", "TIPOVUELO": "N", "MES": 1}]}
    )
    assert response.status_code == 400
    assert response.json()["path"] == "$.flights[0].OPERA"

"""What any deployed function must do: `make smoke URL=...`; without a URL, the package does it."""

import json
from typing import Any

import pytest

from tests.deployed.expected import Expected, answers_of_pipeline
from tests.support.paths import ROOT
from training.release.client import Client

BUILT = json.loads((ROOT / "artifacts/metrics.json").read_text())["model_version"]


@pytest.fixture(scope="module")
def expected() -> Expected:
    """Return flights of every category, with the answers of the graph that takes strings."""
    return answers_of_pipeline(ROOT / "artifacts/pipeline.onnx")


def test_it_is_well(deployed: Client) -> None:
    answer = deployed.ask("/health")

    assert (answer.status, answer.json) == (200, {"status": "OK"})


def test_it_serves_the_model_that_was_built(deployed: Client) -> None:
    answer = deployed.ask("/model")

    assert answer.json["model_version"] == BUILT
    assert answer.headers["X-Model-Version"] == BUILT


def test_it_answers_flights_of_every_category_as_they_were_built(
    deployed: Client, expected: Expected
) -> None:
    answer = deployed.ask("/predict?probability=true", {"flights": expected.flights})

    assert answer.status == 200
    # float32 sums may end differently on another processor
    assert answer.json["probability"] == pytest.approx(expected.probability, rel=1e-6)
    assert answer.json["predict"] == expected.predict


def test_it_answers_a_single_flight(deployed: Client, expected: Expected) -> None:
    answer = deployed.ask("/predict", {"flights": expected.flights[:1]})

    assert (answer.status, answer.json) == (200, {"predict": expected.predict[:1]})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"OPERA": "no airline \N{AIRPLANE}"}, "$.flights[0].OPERA"),
        ({"MES": 13}, "$.flights[0].MES"),
        ({"Fecha-I": "half past seven"}, "$.flights[0].Fecha-I"),
        ({"HOY": 40}, "$.flights[0].HOY"),
    ],
    ids=["an unknown airline", "no month", "no time", "no share"],
)
def test_it_refuses_with_its_path(
    deployed: Client, expected: Expected, change: dict[str, Any], path: str
) -> None:
    answer = deployed.ask("/predict", {"flights": [expected.flights[0] | change]})

    assert (answer.status, answer.json["path"]) == (400, path)
    assert answer.json["error"].startswith("Expected ")

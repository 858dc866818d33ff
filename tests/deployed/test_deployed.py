"""What any deployed function must do: `make smoke URL=...`; without a URL, the package does it."""

import json
from typing import Any

import pytest

from tests.deployed.asking import Deployed
from tests.support.paths import ROOT

BUILT = json.loads((ROOT / "artifacts/metrics.json").read_text())["model_version"]
GOLDEN = json.loads((ROOT / "tests/golden.json").read_text())


def test_it_is_well(deployed: Deployed) -> None:
    answer = deployed.ask("/health")

    assert (answer.status, answer.body) == (200, {"status": "OK"})


def test_it_serves_the_model_that_was_built(deployed: Deployed) -> None:
    answer = deployed.ask("/model")

    assert answer.body["model_version"] == BUILT
    assert answer.headers["X-Model-Version"] == BUILT


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["name"])
def test_it_gives_the_golden_answer_to(deployed: Deployed, golden: dict[str, Any]) -> None:
    answer = deployed.ask("/predict" + golden.get("query", ""), golden["body"])

    got = {**golden, "status": answer.status, "answer": answer.body}
    expected = golden.get("answer", {})
    if "probability" in expected:  # float32 sums may end differently on another processor
        expected = {**expected, "probability": pytest.approx(expected["probability"], rel=1e-6)}
    assert (got["status"], got["answer"]) == (golden.get("status"), expected), (
        f"If the model changed on purpose, tests/golden.json says now:\n{json.dumps(got, indent=2)}"
    )

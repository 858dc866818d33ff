"""An error repeats what the caller wrote, but never much of it."""

import pytest
from starlette.testclient import TestClient

from function.errors import MAX_SHOWN, shown
from tests.support.at_hand import FLIGHT

LONG = "x" * 1000
JSON = {"content-type": "application/json"}


def test_only_a_text_that_is_longer_is_cut() -> None:
    assert shown("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert shown("x" * MAX_SHOWN + "y") == "x" * MAX_SHOWN + "…"


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        pytest.param(f"/{LONG}", {}, {}, id="path"),
        pytest.param("/predict", {"content-type": LONG}, {}, id="content type"),
        pytest.param("/predict", {"content-encoding": LONG}, {}, id="content encoding"),
        pytest.param(f"/predict?probability={LONG}", {}, {"flights": [FLIGHT]}, id="flag"),
        pytest.param("/predict", {}, {"flights": [FLIGHT | {"OPERA": LONG}]}, id="category"),
        pytest.param("/predict", {}, {"flights": [FLIGHT | {"Fecha-I": LONG}]}, id="time"),
        pytest.param("/bigquery", {}, {"calls": [["x", "N", LONG]]}, id="argument"),
        pytest.param(
            "/bigquery", {}, {"calls": [], "userDefinedContext": {"answer": LONG}}, id="context"
        ),
    ],
)
def test_a_long_text_is_repeated_in_part(
    client: TestClient, path: str, headers: dict[str, str], body: object
) -> None:
    answer = client.post(path, json=body, headers=JSON | headers)
    assert 400 <= answer.status_code < 500
    assert "xxx…" in answer.text
    assert len(answer.text) < len(LONG)

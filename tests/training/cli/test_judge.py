"""The commands gate and evaluate ask a deployed function at its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.wire import serve
from training.__main__ import app
from training.errors import GateError, UserError
from training.flights.counts import Counts
from training.project import SCL_2017


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve() as served:
        yield served.url


def gate(*words: str) -> str:
    ended = CliRunner().invoke(app, ["gate", *words])
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.output


def test_nothing_serves_yet() -> None:
    assert "passes: nothing serves yet." in gate("--serving", "", "--margin", "0.005")


@pytest.mark.santiago
def test_a_serving_function_is_asked_with_a_token(
    url: str, tmp_path: Path, santiago: Counts
) -> None:
    token = tmp_path / "token"
    token.write_text("a-token\n")

    output = gate("--serving", url, "--margin", "0.005", "--token-file", str(token))

    flights = santiago.part("validation")["flights"].sum()
    assert f"on {flights:,} validation flights" in output
    assert output.endswith("No worse by more than 0.005 and chance.\n")


@pytest.mark.santiago
def test_a_refusal_is_only_said_where_it_is_allowed(
    url: str, elsewhere: Counts, tmp_path: Path
) -> None:
    data = tmp_path / "elsewhere.csv"
    data.write_text(elsewhere.to_csv())
    words = ("--serving", url, "--margin", "0.005", "--data", str(data))

    with pytest.raises(GateError, match=r"knows no delayed or no punctual ones"):
        gate(*words)
    assert "to replace it all the same. Allowed all the same." in gate(*words, "--allow-worse")


def test_what_is_no_margin_is_refused() -> None:
    ended = CliRunner().invoke(app, ["gate", "--serving", "", "--margin", "nan"])

    assert ended.exit_code
    assert "passes" not in ended.output


def test_a_function_that_does_not_answer_stops_the_release() -> None:
    with pytest.raises(UserError, match=r"^Cannot ask http://127\.0\.0\.1:9/model"):
        gate("--serving", "http://127.0.0.1:9", "--margin", "0", "--allow-worse")


@pytest.mark.santiago
def test_a_deployed_model_is_evaluated(url: str) -> None:
    ended = CliRunner().invoke(app, ["evaluate", "--data", str(SCL_2017), "--url", url, "--fail"])

    assert ended.exit_code == 0, ended.output
    assert "on 68,206 flights" in ended.output
    assert ended.output.endswith("No metric has degraded.\n")

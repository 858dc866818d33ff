from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from training.cli.summary import before, figures, lines
from training.project import ARTIFACTS
from training.release.publish import Report


@pytest.fixture(scope="module")
def report() -> Report:
    found = before(ARTIFACTS)
    assert found is not None
    return found


def said(report: Report, earlier: Report | None) -> str:
    console = Console(width=100)
    with console.capture() as shown:
        console.print(figures(report, earlier))
    return shown.get() + "\n".join(lines(report, earlier, Path("artifacts")))


def test_a_first_model_stands_beside_the_published_one(report: Report) -> None:
    text = said(report, None)
    figure = report.validation
    warned = figure["true_positives"] + figure["false_positives"]
    assert f"{report.validation['recall_delay']:.1%}" in text
    assert f"{report.challenge['roc_auc']:.4f}" in text
    assert f"{figure['true_positives'] / warned:.0%} of its warnings come true" in text
    assert f"Model {report.model_version} is the first in artifacts" in text
    assert "Before" not in text


def test_the_same_model_again_is_said_to_be_the_same(report: Report) -> None:
    text = said(report, report)
    assert "is the one that stood there" in text
    assert "Before" not in text


def test_what_changed_is_said(report: Report) -> None:
    validation = report.validation | {"roc_auc": report.validation["roc_auc"] - 0.05}
    earlier = msgspec.structs.replace(
        report,
        model_version="0123456789ab",
        counts_sha256="0" * 64,
        settings=replace(report.settings, max_depth=report.settings.max_depth + 1),
        columns=10,
        validation=validation,
    )
    text = said(report, earlier)
    depth = report.settings.max_depth
    assert "takes the place of 0123456789ab" in text
    assert "it learnt from other flights" in text
    assert f"max_depth {depth + 1} to {depth}, columns 10 to {report.columns};" in text
    assert "ROC AUC +0.0500" in text
    assert f"{validation['roc_auc']:.4f}" in text  # under Before


def test_a_model_that_warns_of_nothing_divides_by_nothing(report: Report) -> None:
    none = report.validation | {"true_positives": 0.0, "false_positives": 0.0}
    text = said(msgspec.structs.replace(report, validation=none), None)
    assert "It warns of 0% of the flights" in text


@pytest.mark.parametrize("content", [None, b"{", b'{"model_version":1}'], ids=str)
def test_figures_that_cannot_be_read_are_no_figures(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)
    assert before(tmp_path) is None

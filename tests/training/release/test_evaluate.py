"""An evaluation says whether published metrics still hold, with as few false alarms as it says."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from function.model import Prediction
from training.__main__ import app
from training.errors import DataError
from training.fitting.metrics import measure
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, without_time
from training.project import ARTIFACTS
from training.release.answering import Description, ModelFile
from training.release.drift import drifts, stability_index
from training.release.evaluate import FALSE_ALARMS, Change, evaluate, report

MARGIN = 0.005
DRAWS = 120


class Law:
    """Flights whose delays follow a model's own probabilities, and that model."""

    def __init__(self, published: ModelFile, counts: Counts) -> None:
        cells = without_time(counts.table).groupby(FEATURES, as_index=False)[TOTALS].sum()
        self._cells, self._answer = cells, published.predict(cells)
        self.rate = self._answer.probability.astype(float)
        untimed = {"timed_metrics": None, "timed_training_counts": None, "training_counts": ()}
        self.description = msgspec.structs.replace(published.description, **untimed)

    def predict(self, flights: pd.DataFrame) -> Prediction:
        order = self._cells.reset_index().merge(flights[FEATURES])["index"].to_numpy()
        return Prediction(self._answer.delay[order], self._answer.probability[order])

    def draw(self, flights: int, seed: int, shift: float = 0) -> pd.DataFrame:
        """Draw flights, each delayed by its cell's rate, to which `shift` is added."""
        rng = np.random.default_rng(seed)
        share = self._cells["flights"] / self._cells["flights"].sum()
        drawn = self._cells.assign(flights=rng.multinomial(flights, share))
        drawn["delayed"] = rng.binomial(drawn["flights"], np.maximum(self.rate + shift, 0))
        return drawn[drawn["flights"] > 0].reset_index(drop=True)

    def published(self, seed: int) -> "Law":
        """Publish the metrics of a draw."""
        cells = self.draw(22_508, seed)
        answer = self.predict(cells)
        metrics = measure(cells, answer.probability.astype(float), answer.delay)
        self.description = msgspec.structs.replace(self.description, metrics=metrics)
        return self


@pytest.fixture(scope="module")
def published() -> ModelFile:
    return ModelFile(ARTIFACTS / "model.onnx")


@pytest.fixture
def law(published: ModelFile, santiago: Counts) -> Law:
    return Law(published, santiago)


@pytest.fixture(scope="module")
def drawn(published: ModelFile, santiago: Counts) -> list[list[Change]]:
    """Return the changes of `DRAWS` evaluations of one law."""
    law = Law(published, santiago)
    return [
        evaluate(law.published(2 * seed), law.draw(5_000, 2 * seed + 1)).changes
        for seed in range(DRAWS)
    ]


@pytest.mark.santiago
def test_flights_of_the_same_law_raise_no_more_alarms_than_it_says(
    drawn: list[list[Change]],
) -> None:
    alarms = sum(any(change.beyond_chance for change in changes) for changes in drawn)

    # Three standard deviations above the mean of a binomial law.
    assert alarms <= DRAWS * FALSE_ALARMS + 3 * np.sqrt(DRAWS * FALSE_ALARMS)


@pytest.mark.santiago
def test_chance_is_not_overestimated_either(drawn: list[list[Change]]) -> None:
    scores = [[each.worse / each.standard_error for each in changes[:3]] for changes in drawn]

    # A standard normal law; the error of its spread is 0.06 here, that of its mean 0.09.
    assert np.std(scores, axis=0) == pytest.approx([1, 1, 1], abs=0.2)
    assert np.mean(scores, axis=0) == pytest.approx([0, 0, 0], abs=0.3)


@pytest.mark.santiago
@pytest.mark.parametrize("seed", range(20))
def test_flights_whose_delay_was_shifted_degrade_metrics(law: Law, seed: int) -> None:
    degraded = evaluate(law.published(100 + seed), law.draw(5_000, seed, shift=0.05)).degraded(
        MARGIN
    )

    assert "Bias, without times" in degraded


@pytest.mark.santiago
def test_a_bias_the_other_way_degrades_one_too(law: Law) -> None:
    degraded = evaluate(law.published(1), law.draw(20_000, 2, shift=-0.05)).degraded(MARGIN)

    assert degraded == ["Bias, without times"]


@pytest.mark.parametrize(
    ("worse", "error", "degraded"),
    [(0.006, 0.001, True), (0.004, 0.001, False), (0.006, 0.003, False), (-1, 0.001, False)],
    ids=["both", "within the margin", "within chance", "better"],
)
def test_a_metric_is_degraded_beyond_chance_and_margin(
    worse: float, error: float, *, degraded: bool
) -> None:
    assert Change("ROC AUC", 0.7, 0.7, worse, error, critical=3).degraded(MARGIN) == degraded


@pytest.mark.santiago
def test_the_published_flights_give_the_published_metrics(
    published: ModelFile, santiago: Counts
) -> None:
    judged = evaluate(published, santiago.part("validation"))

    assert [change.title for change in judged.changes] == [
        f"{metric}, {way}"
        for way in ("without times", "with times")
        for metric in ("ROC AUC", "Log loss", "Brier score", "Bias")
    ]
    for change in judged.changes:
        assert change.now == pytest.approx(change.published, abs=1e-6)
    assert {drift.word for drift in judged.drifts} == {"stable"}
    assert [drift.feature for drift in judged.drifts] == FEATURES


@pytest.mark.santiago
def test_unknown_flights_are_left_out_and_counted(published: ModelFile, santiago: Counts) -> None:
    cells = santiago.part("validation")
    strange = cells.head(2).assign(OPERA="Ñandú Air", flights=5)

    judged = evaluate(published, pd.concat([cells, strange], ignore_index=True))

    assert (judged.flights, judged.unknown) == (22_508, 10)
    assert next(iter(judged.drifts)).new == ["Ñandú Air"]
    assert "(10 left out, which it does not know)" in next(report(judged, MARGIN))


@pytest.mark.santiago
def test_flights_that_no_one_knows_are_refused(published: ModelFile, elsewhere: Counts) -> None:
    with pytest.raises(DataError, match=r"^Cannot evaluate: the model knows no delayed"):
        evaluate(published, elsewhere.part("validation"))


def test_the_stability_index_is_the_conventional_one() -> None:
    before, now = pd.Series({"a": 50, "b": 50}), pd.Series({"a": 900, "b": 100})

    expected = 0.4 * np.log(1.8) - 0.4 * np.log(0.2)
    assert stability_index(before, now) == pytest.approx(expected)
    assert stability_index(before, 3 * before) == 0
    assert stability_index(before, pd.Series({"c": 1})) > 8  # finite


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("months", "word", "vanished"),
    [
        (range(1, 13), "stable", []),
        (range(1, 10), "large shift", ["10", "11", "12"]),
        ([7], "large shift", ["1", "2", "3", "4", "5", "6", "8", "9", "10", "11", "12"]),
    ],
    ids=["a year", "three quarters", "a month"],
)
def test_the_mix_of_months_is_called_by_its_word(
    published: ModelFile, santiago: Counts, months: list[int], word: str, vanished: list[str]
) -> None:
    cells = santiago.part("validation")
    found = {
        drift.feature: drift
        for drift in drifts(published.description, cells[cells["MES"].isin(months)])
    }

    assert (found["MES"].word, found["MES"].vanished) == (word, vanished)


def test_a_model_that_tells_no_times_has_no_drift_of_them(
    published: ModelFile, santiago: Counts
) -> None:
    described: Description = msgspec.structs.replace(
        published.description, timed_training_counts=None
    )

    found = [drift.feature for drift in drifts(described, santiago.part("validation"))]

    assert found == ["OPERA", "TIPOVUELO", "MES"]


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("late", "words", "status"),
    [
        (1, ["--fail"], 0),
        (2, ["--fail"], 1),
        (2, [], 0),
    ],
    ids=["as published", "twice the delays", "without --fail"],
)
def test_the_command_fails_where_a_metric_is_degraded_and_it_is_told_to(
    santiago: Counts, tmp_path: Path, late: int, words: list[str], status: int
) -> None:
    table = santiago.table.copy()
    table["delayed"] = np.minimum(late * table["delayed"], table["flights"])
    path = tmp_path / "flights.csv"
    path.write_text(Counts.from_table(table).to_csv())

    ended = CliRunner().invoke(app, ["evaluate", "--data", str(path), *words])

    assert ended.exit_code == status, ended.output
    assert ("Degraded: " in ended.output) == (late == 2)
    assert ("No metric has degraded." in ended.output) == (late == 1)

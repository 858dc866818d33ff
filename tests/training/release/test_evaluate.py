"""An evaluation says whether published metrics still hold, with as few false alarms as it says."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from function.metadata import Categories
from function.model import Outputs
from training.__main__ import app
from training.errors import DataError
from training.fitting.metrics import measure
from training.flights.counts import Counts
from training.flights.features import FEATURES
from training.project import ARTIFACTS
from training.release.answering import Description, ModelFile
from training.release.drift import drifts, stability_index
from training.release.evaluate import Change, evaluate, report

MARGIN = 0.005
WEEKS = 42  # that are published, of a year
NEW = 4


class Airport:
    """A made-up airport whose days share their fate, and the model that knows its rates exactly."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        names = ["A", "B", "C", "D"]
        cells = [(name, "N", month, -1, "", -1) for name in names for month in (1, 2, 3)]
        self._cells = pd.DataFrame(cells, columns=FEATURES)
        self._odds = rng.normal(-1.6, 0.7, len(cells))
        self._rng = rng
        # What a day adds to the log-odds of all its flights.
        days = rng.normal(0, 0.8, 4000)
        self.rate = (1 / (1 + np.exp(-(self._odds[:, None] + days)))).mean(axis=1)
        self.description = Description(
            "made-up", Categories(tuple(names), ("N",), (1, 2, 3)), 0.2, self._published(), ()
        )

    def predict(self, flights: pd.DataFrame) -> Outputs:
        order = self._cells.reset_index().merge(flights[FEATURES])["index"].to_numpy()
        probability = self.rate[order].astype(np.float32)
        return Outputs((probability > 0.2).astype(np.int64), probability)

    def weeks(self, number: int) -> Counts:
        """Draw weeks of seven days, on which each cell has some eight flights."""
        parts = []
        for week in range(number):
            days = self._rng.normal(0, 0.8, (1, 7))
            flights = self._rng.poisson(8, (len(self._cells), 7))
            rate = 1 / (1 + np.exp(-(self._odds[:, None] + days)))
            delayed = self._rng.binomial(flights, rate).sum(axis=1)
            parts.append(
                self._cells.assign(week=week, flights=flights.sum(axis=1), delayed=delayed)
            )
        return Counts.from_table(pd.concat(parts))

    def _published(self) -> dict[str, float]:
        cells = self.weeks(WEEKS).table
        answer = self.predict(cells)
        return measure(cells, answer.probability.astype(float), answer.delay)


def changed(counts: Counts, rng: np.random.Generator) -> Counts:
    """Return the same flights, every tenth punctual one of them late."""
    table = counts.table
    late = rng.binomial(table["flights"] - table["delayed"], 0.1)
    return Counts.from_table(table.assign(delayed=table["delayed"] + late))


@pytest.fixture(scope="module")
def published() -> ModelFile:
    return ModelFile(ARTIFACTS / "model.onnx")


@pytest.fixture(scope="module")
def unseen(santiago: Counts) -> pd.DataFrame:
    """Return the flights of the weeks that the published model has not learned."""
    return santiago.part("validation")


def four_weeks(cells: pd.DataFrame, seed: int) -> Counts:
    weeks = np.random.default_rng(seed).choice(cells["week"].unique(), NEW, replace=False)
    return Counts.from_table(cells[cells["week"].isin(weeks)])


@pytest.mark.slow
def test_an_unchanged_airport_of_stormy_days_is_rarely_called_degraded() -> None:
    alarms = 0
    for seed in range(60):
        airport = Airport(seed)
        alarms += bool(evaluate(airport, airport.weeks(NEW)).degraded(MARGIN))
    assert alarms <= 3  # one in twenty


@pytest.mark.slow
def test_a_made_up_airport_that_changed_is_found_on_four_weeks() -> None:
    found = 0
    for seed in range(20):
        airport = Airport(1000 + seed)
        counts = changed(airport.weeks(NEW), np.random.default_rng(seed))
        found += bool(evaluate(airport, counts).degraded(MARGIN))
    assert found >= 18


@pytest.mark.slow
@pytest.mark.santiago
def test_unseen_weeks_of_the_real_airport_are_rarely_called_degraded(
    published: ModelFile, unseen: pd.DataFrame
) -> None:
    alarms = [evaluate(published, four_weeks(unseen, seed)).degraded(MARGIN) for seed in range(40)]
    assert sum(map(bool, alarms)) <= 2


@pytest.mark.slow
@pytest.mark.santiago
def test_every_tenth_punctual_flight_late_is_found_on_four_weeks(
    published: ModelFile, unseen: pd.DataFrame
) -> None:
    for seed in range(10):
        late = changed(four_weeks(unseen, seed), np.random.default_rng(seed))
        assert evaluate(published, late).degraded(MARGIN), seed


@pytest.mark.slow
@pytest.mark.santiago
def test_hours_that_are_exchanged_are_found_on_four_weeks(
    published: ModelFile, unseen: pd.DataFrame
) -> None:
    for seed in range(10):
        table = four_weeks(unseen, seed).table
        hours = table["HORA"].where(table["HORA"] < 0, (table["HORA"] + 12) % 24)
        degraded = evaluate(published, Counts.from_table(table.assign(HORA=hours))).degraded(MARGIN)
        assert any("with times" in title for title in degraded), seed


def test_fewer_weeks_than_four_are_not_judged() -> None:
    airport = Airport(1)
    few = evaluate(airport, changed(airport.weeks(3), np.random.default_rng(0)))
    assert few.degraded(MARGIN) == []
    lines = "\n".join(report(few, MARGIN))
    assert "cannot be told from fewer than 4 weeks" in lines
    assert "DEGRADED" not in lines
    assert "holds" not in lines


def test_flights_without_dates_are_not_judged_either() -> None:
    airport = Airport(1)
    table = airport.weeks(NEW).without_weeks()
    undated = evaluate(airport, table)
    assert (undated.weeks, undated.degraded(MARGIN)) == (0, [])
    assert "these flights have no dates" in "\n".join(report(undated, MARGIN))


@pytest.mark.santiago
def test_the_flights_that_the_model_learned_from_are_called_so(
    published: ModelFile, santiago: Counts
) -> None:
    assert "trained on these very flights" in "\n".join(
        report(evaluate(published, santiago), MARGIN)
    )
    part = Counts.from_table(santiago.part("validation"))
    assert "trained on" not in "\n".join(report(evaluate(published, part), MARGIN))


@pytest.mark.santiago
def test_a_metric_is_compared_with_what_the_mix_of_flights_makes_expect(
    published: ModelFile, unseen: pd.DataFrame
) -> None:
    # Flights of one month are harder to tell apart than those of a year.
    month = Counts.from_table(unseen[unseen["MES"] == 1])
    auc = next(each for each in evaluate(published, month).changes if "with times" in each.title)
    assert auc.title == "ROC AUC, with times"
    assert auc.expected < auc.published
    assert auc.worse == pytest.approx(auc.expected - auc.now)


@pytest.mark.parametrize(
    ("worse", "error", "degraded"),
    [(0.006, 0.001, True), (0.004, 0.001, False), (0.006, 0.003, False), (-1, 0.001, False)],
    ids=["both", "within the margin", "within chance", "better"],
)
def test_a_metric_is_degraded_beyond_chance_and_margin(
    worse: float, error: float, *, degraded: bool
) -> None:
    assert Change("ROC AUC", 0.7, 0.7, 0.7, worse, error, 3).degraded(MARGIN) == degraded


@pytest.mark.santiago
def test_unknown_flights_are_left_out_and_named(published: ModelFile, unseen: pd.DataFrame) -> None:
    strange = unseen.head(2).assign(OPERA="Ñandú Air", flights=5)
    judged = evaluate(published, Counts.from_table(pd.concat([unseen, strange])))
    assert judged.flights == unseen["flights"].sum()
    assert judged.unknown == {"airline 'Ñandú Air'": 10}
    assert next(iter(judged.drifts)).new == ["Ñandú Air"]
    lines = "\n".join(report(judged, MARGIN))
    assert "Flights left out: Never in training: airline 'Ñandú Air' (10 flights)." in lines


@pytest.mark.santiago
def test_flights_that_the_model_does_not_know_are_refused_with_what_is_new(
    published: ModelFile, elsewhere: Counts
) -> None:
    with pytest.raises(DataError, match=r"knows none of the flights. Never in training: airline '"):
        evaluate(published, elsewhere)


@pytest.mark.santiago
def test_one_outcome_alone_is_a_sentence(published: ModelFile, unseen: pd.DataFrame) -> None:
    punctual = Counts.from_table(unseen.assign(delayed=0))
    with pytest.raises(DataError, match="expected delayed and on-time flights, got 0 delayed of"):
        evaluate(published, punctual)


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
    cells = santiago.table
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
    [(1, ["--fail"], 0), (2, ["--fail"], 1), (2, [], 0)],
    ids=["as published", "twice the delays", "without --fail"],
)
def test_the_command_fails_where_a_metric_is_degraded_and_it_is_told_to(
    unseen: pd.DataFrame, tmp_path: Path, late: int, words: list[str], status: int
) -> None:
    table = unseen.assign(delayed=np.minimum(late * unseen["delayed"], unseen["flights"]))
    path = tmp_path / "flights.csv"
    path.write_text(Counts.from_table(table).to_csv())

    ended = CliRunner().invoke(app, ["evaluate", "--data", str(path), *words])

    assert ended.exit_code == status, ended.output
    assert ("Degraded: " in ended.output) == (late == 2)
    assert ("No metric has degraded." in ended.output) == (late == 1)

"""Cross-validation leaves out each training week once, and the cheapest equal model wins."""

from dataclasses import astuple, fields, replace

import msgspec
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss

from training.errors import DataError
from training.fitting.folds import WAYS, flights_asked, holdouts, parts_of
from training.fitting.selection import (
    FITS,
    SETTINGS,
    TABLE,
    TREES,
    choose,
    cross_validate,
    settings_of,
)
from training.flights.counts import CELL, Counts, weighted_rows
from training.flights.features import FEATURES
from training.flights.split import FOLDS
from training.model import DelayModel, Settings


def test_each_week_is_held_out_once_with_its_fold(santiago: Counts) -> None:
    cells = santiago.part("train")
    parts = parts_of(cells)
    assert [set(part["week"] % 5) for part in parts] == [{0}, {1}, {2}, {3}]
    for fitted, held_out in holdouts(parts):
        assert not {*fitted["week"]} & {*held_out["week"]}
        both = pd.concat([fitted, held_out]).groupby(CELL)[["flights", "delayed"]].sum()
        expected = cells.groupby(CELL)[["flights", "delayed"]].sum()
        pd.testing.assert_frame_equal(both, expected)


def test_without_weeks_each_flight_is_in_one_of_five_random_parts(elsewhere: Counts) -> None:
    cells = elsewhere.part("train")
    parts = parts_of(cells)
    assert len(parts) == FOLDS
    both = pd.concat(parts).groupby(FEATURES)[["flights", "delayed"]].sum()
    pd.testing.assert_frame_equal(both, cells.groupby(FEATURES)[["flights", "delayed"]].sum())
    sizes = [part["flights"].sum() for part in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("untimed", "timed", "chosen"),
    [
        pytest.param([0, 0.1, 0.2], [0, 0.1, 0.2], 1, id="cheapest within its error"),
        pytest.param([0, 0.2, 0.2], [0, 0.1, 0.2], 0, id="good without times alone is not enough"),
        pytest.param([0, 0.1, 0.2], [0, 0.2, 0.2], 0, id="good with times alone is not enough"),
        pytest.param([0, 0.1, 0.1], [0, 0.1, 0.1], 2, id="the cheapest of all is good enough"),
        pytest.param([0, 0.2, 0.2], [0.2, 0, 0.2], 0, id="none is good both ways: lowest loss"),
    ],
)
def test_the_cheapest_model_within_one_standard_error_is_chosen(
    untimed: list[float], timed: list[float], chosen: int
) -> None:
    settings = [Settings(100, 0.1, 5, 1), Settings(75, 0.3, 6, 20), Settings(50, 0.3, 4, 1)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=untimed, timed_gap=timed, log_loss=[1.0, 2.0, 3.0])
    assert choose(table.assign(untimed_error=0.1, timed_error=0.1)) == settings[chosen]


def test_without_times_only_one_way_of_asking_counts() -> None:
    settings = [Settings(100, 0.1, 5, 1), Settings(75, 0.3, 6, 20)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=[0, 0.1], untimed_error=0.1, log_loss=[1.0, 2.0])
    assert choose(table) == settings[1]


def test_of_models_that_cost_the_same_the_one_with_the_lowest_loss_is_chosen() -> None:
    settings = [Settings(100, rate, 4, 1) for rate in (0.1, 0.2, 0.3)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=0, untimed_error=0.1, log_loss=[3.0, 1.0, 2.0])
    assert choose(table) == settings[1]


def test_a_model_too_slow_for_large_batches_is_not_chosen() -> None:
    settings = [Settings(101, 0.1, 6, 1), Settings(100, 0.1, 6, 1), Settings(50, 0.1, 6, 1)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=[0, 0.2, 0.3], untimed_error=0.1, log_loss=[1.0, 2.0, 3.0])
    assert choose(table) == settings[1]


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """Return what the last whole selection measured."""
    return pd.read_csv(TABLE)


def test_the_settings_are_those_that_the_last_selection_chose(scores: pd.DataFrame) -> None:
    measured = [settings_of(row) for _, row in scores.iterrows()]
    asked = [replace(fit, n_estimators=trees) for fit in FITS for trees in TREES]
    assert sorted(map(astuple, measured)) == sorted(map(astuple, asked))
    assert choose(scores) == msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)


@pytest.mark.slow
def test_a_part_of_the_last_selection_comes_out_the_same(
    scores: pd.DataFrame, santiago: Counts
) -> None:
    chosen = choose(scores)
    fits = [fit for fit in FITS if vars(fit) == vars(chosen) | {"n_estimators": max(TREES)}]
    again = cross_validate(santiago, fits=fits)
    keys = [each.name for each in fields(Settings)]
    both = again.merge(scores, on=keys, suffixes=("", "_before"))
    assert len(both) == len(TREES)
    assert both["log_loss"].to_numpy() == pytest.approx(both["log_loss_before"], abs=1e-8)


def test_gaps_and_their_errors_are_those_of_the_weeks_that_were_left_out(
    dated: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = (2, 4)
    monkeypatch.setattr("training.fitting.selection.TREES", trees)
    fits = [Settings(max(trees), 0.5, 2, 5)]
    table = cross_validate(dated, fits=fits)
    pairs = list(holdouts(parts_of(dated.part("train"))))
    for way in WAYS:
        best, worst = (
            _by_week(settings_of(row), pairs, dated, way)
            for _, row in table.sort_values(f"{way}_log_loss").iterrows()
        )
        last = table.sort_values(f"{way}_log_loss").iloc[-1]
        flights, gaps = worst[:, 0], worst[:, 1] - best[:, 1]
        rest = gaps - gaps.sum() / flights.sum() * flights
        error = np.sqrt(len(rest) / (len(rest) - 1) * (rest**2).sum()) / flights.sum()
        assert last[f"{way}_log_loss"] == pytest.approx(worst[:, 1].sum() / flights.sum())
        assert last[f"{way}_gap"] == pytest.approx(gaps.sum() / flights.sum())
        assert last[f"{way}_error"] == pytest.approx(error)
    first = table.iloc[0]
    assert first["log_loss"] == pytest.approx(np.mean([first[f"{way}_log_loss"] for way in WAYS]))


def _by_week(
    settings: Settings, pairs: list[tuple[pd.DataFrame, pd.DataFrame]], counts: Counts, way: str
) -> NDArray[np.float64]:
    """Return the flights of each week, and the sum of their log loss, [weeks, 2]."""
    sums = []
    for fitted, held_out in pairs:
        model = DelayModel(None, settings).fit_counts(fitted, counts.categories)
        cells = flights_asked(held_out, way)
        for _, week in cells.groupby("week"):
            rows, label, weight = weighted_rows(week)
            p = model.probability(model.encode(rows))
            loss = log_loss(label, p, sample_weight=weight, normalize=False, labels=[0, 1])
            sums.append((week["flights"].sum(), loss))
    return np.array(sums, np.float64)


def test_flights_without_times_are_asked_one_way(
    elsewhere: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fitting.selection.TREES", (2,))
    table = cross_validate(elsewhere, fits=[Settings(2, 0.5, 2, 5)])
    assert table["log_loss"].to_list() == table["untimed_log_loss"].to_list()
    assert "timed_log_loss" not in table


@pytest.mark.parametrize(
    ("delayed", "on_time", "enough"),
    [(500, 500, True), (1, 99, False), (99, 1, False)],
    ids=["enough", "too few delayed", "too few on time"],
)
def test_too_few_flights_to_select_from_are_refused(
    monkeypatch: pytest.MonkeyPatch, delayed: int, on_time: int, *, enough: bool
) -> None:
    def fit(*_: object) -> None:
        raise ArithmeticError("it begins")

    monkeypatch.setattr("training.model.DelayModel.fit_counts", fit)
    flight = ["A", "N", 1, "train", delayed + on_time, delayed]
    other = ["A", "N", 1, "validation", 2, 1]
    names = ["OPERA", "TIPOVUELO", "MES", "split", "flights", "delayed"]
    counts = Counts.from_table(pd.DataFrame([flight, other], columns=names))
    refused = "Cannot select settings: expected delayed and on-time flights in two folds or more"
    with pytest.raises(
        ArithmeticError if enough else DataError, match="it begins" if enough else refused
    ):
        cross_validate(counts)

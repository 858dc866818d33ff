"""Cross-validation deals every training flight once a round, and the smallest equal model wins."""

import numpy as np
import pandas as pd
import pytest

from training.fitting.selection import FOLDS, choose, folds, holdouts
from training.flights.counts import Counts
from training.model import Settings


def test_every_flight_is_held_out_once(santiago: Counts) -> None:
    cells = santiago.part("train")
    parts = list(folds(cells, np.random.default_rng(1)))
    assert len(parts) == FOLDS
    for column in ("flights", "delayed"):
        assert sum(part[column] for part in parts).to_list() == cells[column].to_list()  # type: ignore[union-attr]
    sizes = [part["flights"].sum() for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_model_is_never_measured_on_flights_it_was_fitted_on(santiago: Counts) -> None:
    cells = santiago.part("train")
    keys = ["OPERA", "TIPOVUELO", "MES"]
    for fitted, held_out in holdouts(list(folds(cells, np.random.default_rng(1)))):
        both = pd.concat([fitted, held_out]).groupby(keys)[["flights", "delayed"]].sum()
        expected = cells.groupby(keys)[["flights", "delayed"]].sum()
        pd.testing.assert_frame_equal(both, expected)


@pytest.mark.parametrize(
    ("gaps", "errors", "nodes", "chosen"),
    [
        pytest.param([0, 0.1, 0.2], [0, 0.1, 0.1], [90, 50, 10], 1, id="smallest within its error"),
        pytest.param([0, 0.2, 0.2], [0, 0.1, 0.1], [90, 50, 10], 0, id="no other within its error"),
        pytest.param([0, 0.1, 0.1], [0, 0.2, 0.2], [10, 50, 90], 0, id="the best is the smallest"),
    ],
)
def test_the_smallest_model_within_one_standard_error_is_chosen(
    gaps: list[float], errors: list[float], nodes: list[int], chosen: int
) -> None:
    settings = [Settings(50, 0.1, 2, 1), Settings(100, 0.3, 3, 20), Settings(200, 0.3, 4, 1)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(gap=gaps, error=errors, nodes=nodes, log_loss=np.array(gaps) + 1)
    assert choose(table) == settings[chosen]

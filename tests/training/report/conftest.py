"""What the tests of the report share: Santiago's answers, and those of a small made-up airport."""

import numpy as np
import pandas as pd
import pytest

from function.metadata import WEEKDAYS
from tests.support.paths import ROOT
from training.fitting.unseen import Recipe, answers
from training.flights.counts import Counts
from training.flights.exploration import Exploration
from training.model import DelayModel, Settings
from training.project import ARTIFACTS
from training.release.publish import measured
from training.report.evaluation import Evaluation


@pytest.fixture(scope="session")
def evaluation(santiago: Counts) -> Evaluation:
    return Evaluation.of(ARTIFACTS, santiago, "data/scl_2017.csv")


@pytest.fixture(scope="session")
def exploration() -> Exploration:
    return Exploration.read(ROOT / "data" / "scl_2017_exploration.csv")


@pytest.fixture(scope="session")
def dated() -> Counts:
    """Return the counts of 23 weeks, some flights without a day so far, bad weeks among them."""
    rng = np.random.default_rng(11)
    size = 6_000
    week = rng.integers(2_450, 2_473, size)
    storm = rng.uniform(0, 0.5, 23)[week - 2_450]
    day = np.clip(np.round(14 * storm + rng.normal(0, 1, size)), 0, 7).astype(np.int64)
    table = pd.DataFrame(
        {
            "OPERA": rng.choice(["Ñandú Air", "zephyr, Ltd"], size),
            "TIPOVUELO": rng.choice(["I", "N"], size),
            "MES": 1 + (week - 2_450) // 6,
            "HORA": rng.choice([6, 12, 18], size),
            "DIANOM": rng.choice(WEEKDAYS, size),
            "HOY": np.where(rng.random(size) < 0.1, -1, day),
            "week": week,
            "flights": rng.integers(1, 4, size),
        }
    )
    rate = np.clip(storm + table["HORA"] / 90, 0, 1)
    return Counts.from_table(table.assign(delayed=rng.binomial(table["flights"], rate)))


@pytest.fixture(scope="session")
def small(dated: Counts) -> Evaluation:
    """Return the evaluation of a quick recipe on these counts."""
    settings = Settings(8, 0.4, 3)
    model = DelayModel(None, settings).fit_counts(dated.part("train"), dated.categories)
    recipe = Recipe(settings)
    metrics = measured(model, recipe, dated)
    return Evaluation(dated, metrics, model, answers(recipe, dated))

"""What the tests of the report share: Santiago's answers, and those of a small made-up airport."""

import pytest

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
def small(dated: Counts) -> Evaluation:
    """Return the evaluation of a quick recipe on these counts."""
    settings = Settings(8, 0.4, 3)
    model = DelayModel(None, settings).fit_counts(dated.part("train"), dated.categories)
    recipe = Recipe(settings)
    scores = answers(recipe, dated)
    return Evaluation(dated, measured(model, recipe, dated, scores), model, scores)

"""The gate compares both models on the same flights, and refuses a new one that is worse."""

import re
from collections.abc import Callable

import msgspec
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from function.model import Outputs
from training.errors import GateError
from training.flights.counts import COUNTED, Counts
from training.flights.split import NO_WEEK
from training.project import ARTIFACTS
from training.release.answering import Description, ModelFile, known
from training.release.gate import Comparison, compare, judge

type Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]

MARGIN = 0.005
WAYS = ("without times", "with times", "with the day so far")


class Changed:
    """A model that answers as another does, but for a change of its probabilities."""

    def __init__(self, model: ModelFile, change: Change, **described: object) -> None:
        self._model, self._change = model, change
        fields = {name: getattr(model.description, name) for name in Description.__struct_fields__}
        self.description = Description(**fields | {"model_version": "changed"} | described)

    def predict(self, flights: pd.DataFrame) -> Outputs:
        assert known(flights, self.description.categories).all()
        delay, probability = self._model.predict(flights)
        return Outputs(delay, self._change(probability.astype(float)).astype(np.float32))


@pytest.fixture(scope="module")
def published() -> ModelFile:
    return ModelFile(ARTIFACTS / "model.onnx")


def same(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return probability


def noisy(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank worse: log-odds with noise."""
    noise = np.random.default_rng(1).normal(0, 2, len(probability))
    return 1 / (1 + (1 / probability - 1) * np.exp(noise))


def doubled(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank the same, and be calibrated worse."""
    return 2 * probability / (1 + probability)


def trembling(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differ by what is within chance."""
    noise = np.random.default_rng(1).normal(0, 0.02, len(probability))
    return 1 / (1 + (1 / probability - 1) * np.exp(noise))


@pytest.mark.santiago
@pytest.mark.parametrize("change", [same, trembling], ids=["equal", "different within chance"])
def test_a_model_that_is_no_worse_passes(
    published: ModelFile, santiago: Counts, change: Change
) -> None:
    verdict = judge(Changed(published, change), published, santiago, MARGIN)

    assert verdict.startswith(f"Model changed beside {published.description.model_version}, which")
    flights = santiago.part("validation")["flights"].sum()
    assert f"on {flights:,} validation flights of 10 weeks that neither learned\n" in verdict
    assert verdict.endswith("No worse by more than 0.005 and chance.")


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("change", "worse"),
    [
        (
            noisy,
            ", ".join(f"{metric}, {way}" for way in WAYS for metric in ("ROC AUC", "Log loss")),
        ),
        (doubled, ", ".join(f"Log loss, {way}" for way in WAYS)),
    ],
    ids=["ranks worse", "is calibrated worse"],
)
def test_a_worse_model_is_refused_by_what_is_worse(
    published: ModelFile, santiago: Counts, change: Change, worse: str
) -> None:
    with pytest.raises(GateError, match=rf"Worse by more than 0\.005 and chance: {worse}\.$"):
        judge(Changed(published, change), published, santiago, MARGIN)


@pytest.mark.santiago
def test_a_better_model_passes_where_the_serving_one_is_worse(
    published: ModelFile, santiago: Counts
) -> None:
    verdict = judge(published, Changed(published, noisy), santiago, MARGIN)

    assert len(re.findall(r"  better$", verdict, re.MULTILINE)) == 6


@pytest.mark.parametrize(
    ("gain", "error", "verdict"),
    [
        (0.0, 0.0, "within chance"),
        (-0.02, 0.01, "within chance"),
        (-0.0201, 0.01, "WORSE"),
        (-0.005, 0.001, "within the margin"),
        (-0.00501, 0.001, "WORSE"),
        (0.004, 0.001, "better"),
        (float("nan"), 0.001, "WORSE"),
        (-0.1, float("nan"), "WORSE"),
        (0.0, float("nan"), "within the margin"),
    ],
    ids=[
        "equal",
        "chance",
        "both",
        "margin",
        "beyond it",
        "better",
        "no gain",
        "no error",
        "equal, no error",
    ],
)
def test_worse_is_beyond_chance_and_margin(gain: float, error: float, verdict: str) -> None:
    assert Comparison("ROC AUC", 0.7, 0.7, gain, error).verdict(MARGIN) == verdict


@pytest.mark.parametrize("margin", [float("nan"), float("inf"), -0.001])
def test_what_is_no_margin_is_refused(
    published: ModelFile, santiago: Counts, margin: float
) -> None:
    with pytest.raises(GateError, match=r"^Cannot compare models: expected a margin of 0 or more"):
        judge(published, published, santiago, margin)


def test_the_first_model_passes(published: ModelFile, santiago: Counts) -> None:
    assert judge(published, None, santiago, 0.0).endswith("nothing serves yet.")


@pytest.mark.santiago
def test_errors_count_weeks_so_a_difference_of_a_few_weeks_is_chance(
    published: ModelFile, santiago: Counts
) -> None:
    dated = santiago.part("validation")
    undated = dated.assign(week=NO_WEEK)
    new = Changed(published, noisy)
    dated_error, independent = (
        next(compare(new, published, cells)).standard_error for cells in (dated, undated)
    )
    assert dated_error > 1.2 * independent


@pytest.mark.santiago
def test_flights_that_the_serving_model_does_not_know_are_left_out_and_counted(
    published: ModelFile, santiago: Counts
) -> None:
    categories = published.description.categories
    airlines = tuple(name for name in categories.OPERA if name != "Sky Airline")
    serving = Changed(
        published, same, categories=msgspec.structs.replace(categories, OPERA=airlines)
    )
    cells = santiago.part("validation")
    unknown = int(cells.loc[cells["OPERA"] == "Sky Airline", "flights"].sum())

    verdict = judge(published, serving, santiago, MARGIN)

    flights = int(cells["flights"].sum()) - unknown
    weeks = "of 10 weeks that neither learned"
    assert f"on {flights:,} validation flights {weeks} ({unknown:,} left out" in verdict


@pytest.mark.santiago
def test_a_serving_model_without_times_is_compared_without_them(
    published: ModelFile, santiago: Counts
) -> None:
    untimed = msgspec.structs.replace(
        published.description.categories, HORA=(-1,), DIANOM=("",), HOY=(-1,)
    )
    serving = Changed(published, same, categories=untimed)
    cells = santiago.part("validation")

    titles = [row.title for row in compare(published, serving, cells)]

    assert titles == ["ROC AUC, without times", "Log loss, without times"]


@pytest.mark.parametrize(("delayed", "compared"), [(0, False), (1, True), (2, True), (3, False)])
def test_models_are_compared_on_delayed_and_on_punctual_flights(
    published: ModelFile, delayed: int, *, compared: bool
) -> None:
    flight = [known[0] for known in msgspec.structs.astuple(published.description.categories)]
    row = [*flight, NO_WEEK, "validation", 3, delayed]
    counts = Counts.from_table(pd.DataFrame([row], columns=COUNTED))

    if compared:
        assert "on 3 validation flights\n" in judge(published, published, counts, MARGIN)
    else:
        with pytest.raises(GateError, match="knows no delayed or no punctual ones"):
            judge(published, published, counts, MARGIN)


@pytest.mark.santiago
def test_a_serving_model_of_another_airport_stops_the_release(
    published: ModelFile, elsewhere: Counts
) -> None:
    with pytest.raises(GateError, match=r"^Cannot compare models: .* knows no delayed"):
        judge(published, published, elsewhere, MARGIN)

"""Whether a new model may replace the one that serves: both are asked the same flights."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from training.errors import GateError
from training.fitting.comparison import auc_gain, log_loss_gain
from training.fitting.metrics import measure
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, without_time

from .answering import Answering, known

WORSE: Final = "WORSE"
ERRORS: Final = 2  # standard errors: what is within them is within chance
GAINS: Final = {"roc_auc": ("ROC AUC", auc_gain), "log_loss": ("Log loss", log_loss_gain)}


class Comparison(NamedTuple):
    """A metric of both models on the same flights; a positive gain is the new model's."""

    title: str
    serving: float
    new: float
    gain: float
    standard_error: float

    def verdict(self, margin: float) -> str:
        """Say what the gain means."""
        if abs(self.gain) <= ERRORS * self.standard_error:
            return "within chance"
        if self.gain > 0:
            return "better"
        return "within the margin" if self.gain >= -margin else WORSE


def judge(new: Answering, serving: Answering | None, counts: Counts, margin: float) -> str:
    """Return why the new model may be deployed, as a table, or raise `GateError`.

    It may not where a metric is worse than the serving model's by more than `margin` and by more
    than chance, on the validation flights of `counts` that the serving model knows.
    """
    if not (math.isfinite(margin) and margin >= 0):
        raise GateError(f"Cannot compare models: expected a margin of 0 or more, got {margin}.")
    version = new.description.model_version
    if serving is None:
        return f"Model {version} passes: nothing serves yet."
    cells = counts.part("validation")
    asked = cells[known(cells, serving.description.categories)].reset_index(drop=True)
    if not 0 < asked["delayed"].sum() < asked["flights"].sum():
        raise GateError(
            "Cannot compare models: of the validation flights, the serving model knows no delayed "
            "or no punctual ones. Set _ALLOW_WORSE=true to replace it all the same."
        )
    table = list(compare(new, serving, asked))
    left_out = cells["flights"].sum() - asked["flights"].sum()
    unknown = f" ({left_out:,} left out, which it does not know)" if left_out else ""
    head = (
        f"Model {version} beside {serving.description.model_version}, which serves, on "
        f"{asked['flights'].sum():,} validation flights{unknown}"
    )
    report = "\n".join([head, *_rows(table, margin)])
    if worse := [row.title for row in table if row.verdict(margin) == WORSE]:
        raise GateError(f"{report}\nWorse by more than {margin:g} and chance: {', '.join(worse)}.")
    return f"{report}\nNo worse by more than {margin:g} and chance."


def compare(new: Answering, serving: Answering, cells: pd.DataFrame) -> Iterator[Comparison]:
    """Compare both models without times, and with them where the serving model knows times."""
    untimed = without_time(cells).groupby(FEATURES, as_index=False)[TOTALS].sum()
    ways = {"without times": untimed}
    if serving.description.categories.timed and not (cells["HORA"] == -1).all():
        ways["with times"] = cells
    for way, asked in ways.items():
        answers = [model.predict(asked) for model in (serving, new)]
        old, better = (answer.probability.astype(np.float64) for answer in answers)
        before = measure(asked, old, answers[0].delay)
        after = measure(asked, better, answers[1].delay)
        for name, (title, gain_of) in GAINS.items():
            gain, error = gain_of(asked, better, old)
            yield Comparison(f"{title}, {way}", before[name], after[name], gain, error)


def _rows(table: list[Comparison], margin: float) -> Iterator[str]:
    yield f"{'':24}{'serving':>10}{'new':>10}{'gain':>10}{'std. error':>12}"
    for row in table:
        yield (
            f"{row.title:24}{row.serving:10.4f}{row.new:10.4f}{row.gain:+10.4f}"
            f"{row.standard_error:12.4f}  {row.verdict(margin)}"
        )

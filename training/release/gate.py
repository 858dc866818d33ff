"""Whether a new model may replace the one that serves: both are asked the same flights."""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from training.errors import GateError
from training.fitting.comparison import gains
from training.fitting.errors import weeks_of
from training.fitting.folds import flights_asked, ways_of
from training.fitting.metrics import measure
from training.flights.counts import Counts

from .answering import Answerer, known
from .evaluate import WORDS

WORSE: Final = "WORSE"
ERRORS: Final = 2  # standard errors: what is within them is within chance
TITLES: Final = {"roc_auc": "ROC AUC", "log_loss": "Log loss"}


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


def judge(new: Answerer, serving: Answerer | None, counts: Counts, margin: float) -> str:
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
    both = cells[known(cells, serving.description.categories)].reset_index(drop=True)
    if not 0 < both["delayed"].sum() < both["flights"].sum():
        raise GateError(
            "Cannot compare models: of the validation flights, the serving model knows no delayed "
            "or no punctual ones. Set _ALLOW_WORSE=true to replace it all the same."
        )
    table = list(compare(new, serving, both))
    left_out = cells["flights"].sum() - both["flights"].sum()
    unknown = f" ({left_out:,} left out, which it does not know)" if left_out else ""
    weeks = f" of {weeks_of(both)} weeks that neither learned" if weeks_of(both) else ""
    head = (
        f"Model {version} beside {serving.description.model_version}, which serves, on "
        f"{both['flights'].sum():,} validation flights{weeks}{unknown}"
    )
    report = "\n".join([head, *_rows(table, margin)])
    if worse := [row.title for row in table if row.verdict(margin) == WORSE]:
        raise GateError(f"{report}\nWorse by more than {margin:g} and chance: {', '.join(worse)}.")
    return f"{report}\nNo worse by more than {margin:g} and chance."


def compare(new: Answerer, serving: Answerer, cells: pd.DataFrame) -> Iterator[Comparison]:
    """Compare both models in each way that the serving model, too, can be asked."""
    for way in ways_of(serving.description.categories):
        flights = flights_asked(cells, way)
        if not 0 < flights["delayed"].sum() < flights["flights"].sum():
            continue
        answers = [model.predict(flights) for model in (serving, new)]
        old, better = (answer.probability.astype(np.float64) for answer in answers)
        before = measure(flights, old, answers[0].delay)
        after = measure(flights, better, answers[1].delay)
        for name, (gain, error) in gains(flights, better, old).items():
            title = f"{TITLES[name]}, {WORDS[way]}"
            yield Comparison(title, before[name], after[name], gain, error)


def _rows(table: list[Comparison], margin: float) -> Iterator[str]:
    yield f"{'':32}{'serving':>10}{'new':>10}{'gain':>10}{'std. error':>12}"
    for row in table:
        yield (
            f"{row.title:32}{row.serving:10.4f}{row.new:10.4f}{row.gain:+10.4f}"
            f"{row.standard_error:12.4f}  {row.verdict(margin)}"
        )

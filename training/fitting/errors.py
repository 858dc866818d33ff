"""Standard errors of figures: of flights that share their week, or of independent ones.

Flights of a week share its storms and strikes, so weeks are left out one after the other: the
delete-one-group jackknife (Shao and Tu, The Jackknife and Bootstrap, 1995, chapter 2). Where weeks
are not known, flights are taken for independent of each other, which makes errors too small.
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.flights.split import NO_WEEK

type Floats = NDArray[np.float64]

# An excess is that of a loss over what the probabilities themselves make expect of it.
FIGURES: Final = ("roc_auc", "log_loss", "brier", "bias", "log_loss_excess", "brier_excess")
_TINY: Final = float(np.finfo(np.float64).eps)


def weeks_of(cells: pd.DataFrame) -> int:
    """Return how many weeks the flights of these cells share, 0 where that is not known."""
    weeks = cells["week"] if "week" in cells else pd.Series([NO_WEEK])
    return 0 if (weeks == NO_WEEK).any() else int(weeks.nunique())


def clusters_of(cells: pd.DataFrame) -> int:
    """Return the weeks that errors are computed over, 0 where flights are taken for independent.

    They are independent too where one week holds all late flights, or all others: without that
    week, there is no ROC AUC.
    """
    weeks = weeks_of(cells)
    if weeks <= 1:
        return 0
    each = (cells["week"][flights > 0].nunique() for flights in by_outcome(cells))
    return weeks if min(each) > 1 else 0


def standard_errors(
    cells: pd.DataFrame, probability: Floats, other: Floats | None = None
) -> dict[str, float]:
    """Return the standard error of each of `FIGURES`, or of its difference to that of `other`.

    `bias` is the mean probability less the delay rate.
    """
    if clusters_of(cells):
        estimates = _leave_one_out(cells, probability)
        if other is not None:
            others = _leave_one_out(cells, other)
            estimates = {name: estimates[name] - others[name] for name in FIGURES}
        return {name: _jackknife(each) for name, each in estimates.items()}
    return _independent(cells, probability, other)


def _jackknife(estimates: Floats) -> float:
    groups = len(estimates)
    return float(np.sqrt((groups - 1) * estimates.var()))


def _leave_one_out(cells: pd.DataFrame, probability: Floats) -> dict[str, Floats]:
    """Return each figure without one week after the other, [weeks]."""
    delayed, on_time = by_outcome(cells)
    week = pd.factorize(cells["week"])[0]
    flights = np.bincount(week, delayed + on_time)
    found = {"roc_auc": _auc_without(week, delayed, on_time, probability)}
    for name, (late, punctual) in _losses(probability).items():
        sums = np.bincount(week, late * delayed + punctual * on_time)
        found[name] = (sums.sum() - sums) / (flights.sum() - flights)
    return found


def _auc_without(
    week: NDArray[np.int64], delayed: Floats, on_time: Floats, score: Floats
) -> Floats:
    """Return the ROC AUC without each week: all pairs less those that have a flight of the week."""
    below, above = (
        np.bincount(week, delayed * mass_below(score, on_time)),
        np.bincount(week, on_time * mass_below(-score, delayed)),
    )
    inside = np.zeros(len(below))
    order = np.argsort(week, kind="stable")
    for number, rows in enumerate(np.split(order, np.cumsum(np.bincount(week))[:-1])):
        inside[number] = delayed[rows] @ mass_below(score[rows], on_time[rows])
    late, punctual = np.bincount(week, delayed), np.bincount(week, on_time)
    pairs = (late.sum() - late) * (punctual.sum() - punctual)
    return np.asarray((below.sum() - below - above + inside) / pairs, np.float64)


def _independent(
    cells: pd.DataFrame, probability: Floats, other: Floats | None
) -> dict[str, float]:
    """Return the errors for independent flights; that of the ROC AUC is DeLong's.

    DeLong, DeLong and Clarke-Pearson, 1988, computed by ranks (Sun and Xu, 2014).
    """
    delayed, on_time = by_outcome(cells)
    scores = [probability] if other is None else [probability, other]
    late = _difference([mass_below(score, on_time) / on_time.sum() for score in scores])
    punctual = _difference([mass_below(-score, delayed) / delayed.sum() for score in scores])
    parts = [_variance_of_mean(late, delayed), _variance_of_mean(punctual, on_time)]
    errors = {"roc_auc": float(np.sqrt(sum(parts)))}
    weight = np.concatenate([delayed, on_time])
    for name in FIGURES[1:]:
        losses = _difference([np.concatenate(_losses(score)[name]) for score in scores])
        errors[name] = float(np.sqrt(_variance_of_mean(losses, weight)))
    return errors


def _losses(probability: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Return what each cell's delayed and on-time flights add to the mean figures."""
    p = np.clip(probability, _TINY, 1 - _TINY)
    losses = {"log_loss": (-np.log(p), -np.log1p(-p)), "brier": ((1 - p) ** 2, p**2)}
    expected = {name: p * late + (1 - p) * punctual for name, (late, punctual) in losses.items()}
    return {
        **losses,
        "bias": (p - 1, p),
        **{
            f"{name}_excess": (late - expected[name], punctual - expected[name])
            for name, (late, punctual) in losses.items()
        },
    }


def mean_figures(cells: pd.DataFrame, probability: Floats) -> dict[str, float]:
    """Return each of `FIGURES` that is a mean over flights: all but the ROC AUC."""
    delayed, on_time = by_outcome(cells)
    flights = delayed.sum() + on_time.sum()
    return {
        name: float((late @ delayed + punctual @ on_time) / flights)
        for name, (late, punctual) in _losses(probability).items()
    }


def _difference(values: list[Floats]) -> Floats:
    return values[0] if len(values) == 1 else values[0] - values[1]


def _variance_of_mean(values: Floats, weight: Floats) -> float:
    total = weight.sum()
    mean = weight @ values / total
    return float(weight @ (values - mean) ** 2 / max(total - 1, 1) / total)


def by_outcome(cells: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the delayed and the on-time flights of each cell."""
    delayed = cells["delayed"].to_numpy(np.float64)
    return delayed, cells["flights"].to_numpy(np.float64) - delayed


def mass_below(score: Floats, weight: Floats) -> Floats:
    """Return the weight with a lower score than each, and half of that with an equal one."""
    _, rank = np.unique(score, return_inverse=True)
    mass = np.bincount(rank, weight)
    below = np.cumsum(mass) - mass / 2
    return np.asarray(below[rank], np.float64)

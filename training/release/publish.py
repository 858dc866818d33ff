"""Train, measure, convert, prove, and only then publish."""

import hashlib
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.cells import Cells
from function.metadata import FORMAT_VERSION, CellCounts, Metadata
from training import challenge
from training.export.graph import libraries, model_graph, pipeline_graph, threshold_of
from training.export.parity import prove
from training.fitting.comparison import roc_auc
from training.fitting.dispersion import design_effect
from training.fitting.folds import ways_of
from training.fitting.selection import chosen_settings
from training.fitting.unseen import Answers, Recipe, Score, answered, answers
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, FLIGHT, NOT_GIVEN, TOP10, cells_of, without_day
from training.model import STORE, DelayModel, Settings

from .artifacts import replace
from .card import CARD, card
from .training_metrics import METRICS, Figures, Gain, TrainingMetrics


def publish(
    counts: Counts, features: str, out: Path, place: str | None = None, lasting: str = ""
) -> TrainingMetrics:
    """Train on the counts and replace the artifacts in `out`, after their parity is proven.

    `features` is `all`, with the settings that cross-validation chose, or `top10`, the challenge's
    columns and settings. `lasting` is the model card's text on how long the day so far lasts.
    """
    sha256, counts = counts.sha256, counts.for_training()
    recipe = Recipe(chosen_settings()) if features == "all" else Recipe(Settings(), TOP10)
    with TemporaryDirectory() as folder:
        stage = Path(folder)
        published = challenge.counts()
        of_challenge = DelayModel(store=stage / STORE.name)
        of_challenge.fit_counts(published.part("train"), published.categories).save()
        model = DelayModel(recipe.columns, recipe.settings, stage / "booster.ubj")
        model.fit_counts(counts.part("train"), counts.categories).save()
        metrics = measured(model, recipe, counts, answers(recipe, counts), place)
        metrics = msgspec.structs.replace(metrics, counts_sha256=sha256, lasting=lasting)
        metadata = _describe(model, counts, metrics)
        graphs = {
            "pipeline.onnx": pipeline_graph(model, metadata),
            "model.onnx": model_graph(model, metadata),
        }
        for name, graph in graphs.items():
            (stage / name).write_bytes(graph.SerializeToString(deterministic=True))
        proven = prove(model, stage / "pipeline.onnx", stage / "model.onnx")
        metrics = msgspec.structs.replace(metrics, proven=proven)
        digest = hashlib.sha256((stage / "model.onnx").read_bytes()).hexdigest()
        (stage / "model.onnx.sha256").write_text(f"{digest}  model.onnx\n")
        (stage / METRICS).write_bytes(msgspec.json.format(msgspec.json.encode(metrics)) + b"\n")
        (stage / CARD).write_text(card(metrics), encoding="utf-8")
        replace(out, {file.name: file.read_bytes() for file in sorted(stage.iterdir())})
    return metrics


def measured(
    model: DelayModel,
    recipe: Recipe,
    counts: Counts,
    scores: dict[Score, Answers],
    place: str | None = None,
) -> TrainingMetrics:
    """Return the figures of a recipe on weeks that were not learned, and of its fitted model.

    `scores` are the recipe's `answers` to the counts.
    """
    ways = ways_of(counts.categories)
    own = {way: scores[Score("model", way, way)] for way in ways}
    tables = {way: best_table(scores, way) for way in ways}
    validation = counts.part("validation")
    steps = {
        way: Gain.of(own[way].gains(scores[Score("model", less, way)]))
        for less, way in itertools.pairwise(ways)
    }
    of_challenge = scores.get(Score("challenge", "untimed", "untimed"))
    return TrainingMetrics(
        model_version=hashlib.sha256(model.to_bytes()).hexdigest()[:12],
        counts_sha256=counts.sha256,
        place=place,
        period=counts.period,
        settings=model.settings,
        columns=len(model.columns),
        proven=0,
        by_weeks=counts.by_weeks,
        design_effect=design_effect(counts),
        unseen={way: each.measured() | _step(steps.get(way)) for way, each in own.items()},
        validation={way: answered(model, validation, way, way).measured() for way in ways},
        tables={way: each.measured() for way, each in tables.items()},
        gains={way: Gain.of(own[way].gains(tables[way])) for way in ways},
        steps=steps,
        challenge=of_challenge.measured() if of_challenge else None,
        lasting="",
        random_split=_random_split(recipe, counts) if counts.by_weeks else {},
    )


def _step(gain: Gain | None) -> Figures:
    """Return what a way of asking gains over the one before, beside its other figures."""
    if gain is None:
        return {}
    return {"roc_auc_gain": gain.roc_auc, "roc_auc_gain_error": gain.roc_auc_error}


def best_table(scores: dict[Score, Answers], way: str) -> Answers:
    """Return the table of rates with the highest ROC AUC of those that know no more."""
    found = [each for score, each in scores.items() if (score.who, score.way) == ("table", way)]
    return max(found, key=lambda each: roc_auc(each.cells, each.probability))


def _random_split(recipe: Recipe, counts: Counts) -> dict[str, float]:
    """Return the ROC AUC of the recipe where flights are split at random, not their weeks."""
    drawn = counts.without_weeks()
    model = recipe.fit(drawn.part("train"), counts.categories)
    asked = drawn.part("validation")
    return {
        way: answered(model, asked, way, way).measured()["roc_auc"]
        for way in ways_of(counts.categories)
    }


def _describe(model: DelayModel, counts: Counts, metrics: TrainingMetrics) -> Metadata:
    train = counts.part("train")
    timed = train[train["HORA"] != NOT_GIVEN["HORA"]] if counts.timed else train.head(0)
    months = counts.without_time().part("train").groupby(FLIGHT, as_index=False)[TOTALS].sum()
    return Metadata(
        format_version=FORMAT_VERSION,
        model_version=metrics.model_version,
        place=metrics.place,
        period=metrics.period,
        categories=counts.categories,
        threshold=threshold_of(model),
        training_delay_rate=model.delay_rate,
        training_counts=_months(months, counts),
        timed_training_counts=msgspec.Raw(msgspec.json.encode(_cells(timed, counts))),
        counts_sha256=metrics.counts_sha256,
        metrics=metrics.unseen["untimed"],
        timed_metrics=metrics.unseen.get("timed"),
        day_metrics=metrics.unseen.get("day"),
        design_effect=metrics.design_effect,
        libraries=libraries(),
    )


def _cells(table: pd.DataFrame, counts: Counts) -> tuple[CellCounts, ...]:
    """Return the flights of each cell without the day so far, in the order of cells."""
    cells = without_day(table).groupby(FEATURES, as_index=False)[TOTALS].sum()
    return _numbered(cells, cells_of(cells, counts.categories))


def _months(table: pd.DataFrame, counts: Counts) -> tuple[CellCounts, ...]:
    """Return the flights of each airline, type and month, numbered over these alone."""
    cells = cells_of(table.assign(**NOT_GIVEN), counts.categories)
    return _numbered(table, cells // Cells(counts.categories).per_month)


def _numbered(table: pd.DataFrame, numbers: NDArray[np.int64]) -> tuple[CellCounts, ...]:
    rows = table[TOTALS].assign(cell=numbers).sort_values("cell")[["cell", *TOTALS]]
    return tuple(CellCounts(*row) for row in rows.to_numpy().tolist())

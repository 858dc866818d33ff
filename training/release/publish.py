"""Train, measure, convert, prove, and only then publish."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pandas as pd

from function.metadata import FORMAT_VERSION, CellCounts, Metadata
from training.export.graph import libraries, model_graph, pipeline_graph, threshold_of
from training.export.parity import prove
from training.fitting.baselines import measured_tables, tables
from training.fitting.comparison import auc_gain
from training.fitting.metrics import Floats, measure
from training.fitting.selection import chosen_settings
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, TOP10, cells_of
from training.model import STORE, DelayModel, Settings

from .artifacts import replace
from .card import CARD, card
from .training_metrics import METRICS, Gain, TrainingMetrics


def publish(counts: Counts, features: str, out: Path, place: str | None = None) -> TrainingMetrics:
    """Train on the counts and replace the artifacts in `out`, after their parity is proven.

    `features` is `all`, with the settings that cross-validation chose, or `top10`, the challenge's
    columns and settings. What is measured on the validation flights is what is published.
    """
    with TemporaryDirectory() as folder:
        stage = Path(folder)
        challenge = DelayModel(store=stage / STORE.name)
        untimed = counts.without_time()
        challenge.fit_counts(untimed.part("train"), untimed.categories).save()
        if features == "top10":
            model = DelayModel(TOP10, Settings(), stage / "booster.ubj")
        else:
            model = DelayModel(None, chosen_settings(), stage / "booster.ubj")
        model.fit_counts(counts.part("train"), counts.categories).save()
        metrics = _measure(model, challenge, counts, place)
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


def _measure(
    model: DelayModel, challenge: DelayModel, counts: Counts, place: str | None
) -> TrainingMetrics:
    untimed = counts.without_time()
    asked = {"untimed": untimed} | ({"timed": counts} if counts.timed else {})
    figures = {name: _validate(model, each) for name, each in asked.items()}
    return TrainingMetrics(
        model_version=hashlib.sha256(model.to_bytes()).hexdigest()[:12],
        counts_sha256=counts.sha256,
        place=place,
        period=counts.period,
        settings=model.settings,
        columns=len(model.columns),
        proven=0,
        validation=figures["untimed"],
        timed_validation=figures.get("timed"),
        tables=measured_tables(counts, threshold_of(model)),
        gains={name: _gain(model, each) for name, each in asked.items()},
        challenge=_validate(challenge, untimed) if counts.of_the_challenge else None,
    )


def _validate(model: DelayModel, counts: Counts) -> dict[str, float]:
    cells = counts.part("validation")
    features = model.preprocess(cells)
    return measure(cells, model.probability(features), np.array(model.predict(features)))


def _gain(model: DelayModel, counts: Counts) -> Gain:
    """Compare the model with the best of the tables that know as much."""
    cells = counts.part("validation")
    score: Floats = model.probability(model.preprocess(cells))
    found = [(*auc_gain(cells, score, rate), name) for name, rate in tables(counts).items()]
    gain, error, name = min(found)
    return Gain(name, round(gain, 6), round(error, 6))


def _describe(model: DelayModel, counts: Counts, metrics: TrainingMetrics) -> Metadata:
    untimed = counts.without_time()
    timed = counts.table[counts.table["HORA"] != -1] if counts.timed else counts.table.head(0)
    timed_counts = _seen(timed, counts)
    return Metadata(
        format_version=FORMAT_VERSION,
        model_version=metrics.model_version,
        place=metrics.place,
        period=metrics.period,
        categories=counts.categories,
        threshold=threshold_of(model),
        training_delay_rate=model.delay_rate,
        training_counts=_seen(untimed.table, untimed),
        timed_training_counts=msgspec.Raw(msgspec.json.encode(timed_counts)),
        counts_sha256=counts.sha256,
        metrics=metrics.validation,
        timed_metrics=metrics.timed_validation,
        libraries=libraries(),
    )


def _seen(table: pd.DataFrame, counts: Counts) -> tuple[CellCounts, ...]:
    """Return the training flights of each cell, in the order of cells."""
    table = table[table["split"] == "train"]
    rows = table[TOTALS].assign(cell=cells_of(table[FEATURES], counts.categories))
    rows = rows.sort_values("cell")[["cell", *TOTALS]]
    return tuple(CellCounts(*row) for row in rows.to_numpy().tolist())

"""Train, measure, convert, prove, and only then publish."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import numpy as np

from function.metadata import FORMAT_VERSION, CellCounts, Metadata
from training.export.graph import libraries, model_graph, pipeline_graph, threshold_of
from training.export.parity import prove
from training.fitting.metrics import measure
from training.flights.counts import Counts
from training.flights.features import FEATURES, TOP10, every_flight
from training.model import STORE, DelayModel, Settings

from .artifacts import replace

SETTINGS: Final = Path(__file__).parents[1] / "fitting" / "settings.json"


class Report(msgspec.Struct, frozen=True):
    """What a training run says of itself; `artifacts/metrics.json` holds it."""

    model_version: str
    counts_sha256: str
    settings: Settings
    columns: int
    validation: dict[str, float]
    challenge: dict[str, float]  # the challenge's model, on the same flights


def publish(counts: Counts, features: str, out: Path) -> Report:
    """Train on the counts and replace the artifacts in `out`, after their parity is proven.

    `features` is `all`, with the settings that cross-validation chose, or `top10`, the challenge's
    columns and settings. What is measured on the validation flights is what is published.
    """
    train = counts.part("train")
    with TemporaryDirectory() as folder:
        stage = Path(folder)
        challenge = DelayModel(TOP10, Settings(), stage / STORE.name)
        challenge.fit_counts(train, counts.categories)
        if features == "top10":
            columns, settings = TOP10, Settings()
        else:
            columns, settings = None, msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)
        model = DelayModel(columns, settings, stage / "booster.ubj")
        model.fit_counts(train, counts.categories)
        report = Report(
            model_version=hashlib.sha256(model.store.read_bytes()).hexdigest()[:12],
            counts_sha256=counts.sha256,
            settings=settings,
            columns=len(model.columns),
            validation=_validate(model, counts),
            challenge=_validate(challenge, counts),
        )
        metadata = _describe(model, counts, report)
        graphs = {
            "pipeline.onnx": pipeline_graph(model, metadata),
            "model.onnx": model_graph(model, metadata),
        }
        for name, graph in graphs.items():
            (stage / name).write_bytes(graph.SerializeToString(deterministic=True))
        prove(model, stage / "pipeline.onnx", stage / "model.onnx")
        digest = hashlib.sha256((stage / "model.onnx").read_bytes()).hexdigest()
        (stage / "model.onnx.sha256").write_text(f"{digest}  model.onnx\n")
        (stage / "metrics.json").write_bytes(
            msgspec.json.format(msgspec.json.encode(report)) + b"\n"
        )
        replace(out, {file.name: file.read_bytes() for file in sorted(stage.iterdir())})
    return report


def _validate(model: DelayModel, counts: Counts) -> dict[str, float]:
    cells = counts.part("validation")
    features = model.preprocess(cells)
    return measure(cells, model.probability(features), np.array(model.predict(features)))


def _describe(model: DelayModel, counts: Counts, report: Report) -> Metadata:
    cells = every_flight(counts.categories).reset_index(names="cell")
    seen = cells.merge(counts.part("train"), on=FEATURES)[["cell", "flights", "delayed"]]
    return Metadata(
        format_version=FORMAT_VERSION,
        model_version=report.model_version,
        categories=counts.categories,
        threshold=threshold_of(model),
        training_delay_rate=model.delay_rate,
        training_counts=tuple(CellCounts(*row) for row in seen.to_numpy().tolist()),
        counts_sha256=counts.sha256,
        metrics=report.validation,
        libraries=libraries(),
    )

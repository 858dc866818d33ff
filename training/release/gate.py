"""Whether a new model may take the place of the one that serves."""

from pathlib import Path
from typing import Any, Final

import msgspec

from training.errors import GateError

# How much better than a serving model's figure a new one is: times one where more is better.
BETTER: Final = {"roc_auc": 1, "log_loss": -1}


class Serving(msgspec.Struct, frozen=True):
    """What a deployed function says of its model at `/model`, as far as it matters here."""

    model_version: str
    metrics: dict[str, float]


class Trained(msgspec.Struct, frozen=True):
    """What training says of its model in `metrics.json`, as far as it matters here."""

    model_version: str
    validation: dict[str, float]


def judge(trained: Path, serving: Path, margin: float) -> str:
    """Return why the trained model may be deployed, or raise `GateError`.

    `serving` holds the answer of `/model`, or `null` where nothing serves yet. On the validation
    flights, the ROC AUC may be `margin` lower than that of the serving model, and the log loss
    `margin` higher.
    """
    new: Trained = _decode(trained, Trained)
    old: Serving | None = _decode(serving, Serving | None)
    if old is None:
        return f"Model {new.model_version} passes: nothing serves yet."
    try:
        gains = {
            name: sign * (new.validation[name] - old.metrics[name]) for name, sign in BETTER.items()
        }
    except KeyError as error:
        raise GateError(f"Cannot compare {trained} and {serving}: one lacks {error}.") from None
    figures = ", ".join(
        f"{name} {old.metrics[name]:.6f} -> {new.validation[name]:.6f}" for name in BETTER
    )
    models = f"Model {new.model_version} against {old.model_version}, which serves: {figures}"
    # Figures have six digits; what is beyond them is only the subtraction's.
    if worse := [name for name, gain in gains.items() if round(gain, 6) < -margin]:
        raise GateError(f"{models}. Worse by more than {margin:g}: {', '.join(worse)}.")
    return f"{models}. Within the margin of {margin:g}."


def _decode(path: Path, kind: object) -> Any:  # noqa: ANN401  # of that kind, which may be a union
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise GateError(f"Cannot compare models: {path} cannot be read: {error}.") from error

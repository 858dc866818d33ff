"""Models that answer flights: one in a file, or one behind the address of a deployed function."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import pandas as pd

from function.flights import MAX_FLIGHTS
from function.metadata import Categories, CellCounts
from function.model import Model, Outputs
from training.errors import UserError
from training.export.parity import requests_of

from .client import Answer, Client


class Description(msgspec.Struct, frozen=True):
    """What a model says of itself, as far as it matters here.

    `timed_training_counts` is None where the model does not tell them.
    """

    model_version: str
    categories: Categories
    threshold: float
    metrics: dict[str, float]
    training_counts: tuple[CellCounts, ...]
    counts_sha256: str = ""
    timed_metrics: dict[str, float] | None = None
    day_metrics: dict[str, float] | None = None
    timed_training_counts: tuple[CellCounts, ...] | None = None


class Answerer(Protocol):
    """A model that says what it is and answers flights that it knows."""

    @property
    def description(self) -> Description:
        """What the model says of itself."""

    def predict(self, flights: pd.DataFrame) -> Outputs:
        """Answer flights with the columns `FEATURES`, [N]; all of them must be known."""


class ModelFile:
    """The model of a file, asked in this process."""

    def __init__(self, path: Path) -> None:
        self._model = Model(path)
        metadata = self._model.metadata
        described = msgspec.to_builtins(metadata.public()) | {
            "timed_training_counts": msgspec.json.decode(metadata.timed_training_counts)
        }
        self.description = msgspec.convert(described, Description)

    def predict(self, flights: pd.DataFrame) -> Outputs:
        """Answer flights on the function's own path."""
        return self._model.predict(self._model.encoder.cells(requests_of(flights)))


class Deployed:
    """The model of a deployed function, asked with an identity token where one is given."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._client = Client(url, token)
        try:
            self.description = msgspec.json.decode(self._ask("/model").body, type=Description)
        except msgspec.DecodeError as error:
            raise UserError(f"Cannot ask {url}: /model is not a model's: {error}.") from error

    def predict(self, flights: pd.DataFrame) -> Outputs:
        """Answer flights by `POST /predict`, as many at a time as it takes."""
        parts = [self._predict(part) for part in _parts(flights)]
        return Outputs(*map(np.concatenate, zip(*parts, strict=True)))

    def _predict(self, flights: pd.DataFrame) -> Outputs:
        answer = self._ask("/predict?probability=true", {"flights": requests_of(flights)})
        described, answered = self.description.model_version, answer.headers["X-Model-Version"]
        if answered != described:
            raise UserError(
                f"Cannot ask {self._client.url}: two models answer, {described} and {answered}. "
                "Try again when one has all traffic."
            )
        replies = answer.json
        return Outputs(
            np.array(replies["predict"], np.int64), np.array(replies["probability"], np.float32)
        )

    def _ask(self, path: str, payload: object = None) -> Answer:
        answer = self._client.ask(path, payload)
        if answer.status != HTTPStatus.OK:
            said = answer.body.decode(errors="replace")[:200]
            raise UserError(f"Cannot ask {self._client.url}{path}: {answer.status}, {said}.")
        return answer


def known(flights: pd.DataFrame, categories: Categories) -> "pd.Series[bool]":
    """Return whether a model of these categories knows the airline, type and month of each flight.

    A model without times answers timed flights too, so hours and weekdays do not matter.
    """
    return (
        flights["OPERA"].isin(categories.OPERA)
        & flights["TIPOVUELO"].isin(categories.TIPOVUELO)
        & flights["MES"].isin(categories.MES)
    )


def _parts(flights: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(flights), MAX_FLIGHTS):
        yield flights.iloc[start : start + MAX_FLIGHTS]

"""Why the model says what it says: what each feature of a flight adds to its probability."""

import itertools
from math import factorial

import msgspec
import numpy as np
from numpy.typing import NDArray

from .encoder import Encoder
from .model import Model

type Table = NDArray[np.float64]  # one axis a feature, of the size of its categories


class Additions(msgspec.Struct, frozen=True):
    """What each feature adds to the base rate; below zero, what it takes away."""

    OPERA: float
    TIPOVUELO: float
    MES: float


class Memory(msgspec.Struct, frozen=True):
    """The training flights of this airline, type and month, whose rate is null where none were."""

    flights: int
    delayed: int
    delay_rate: float | None


class Reasons(msgspec.Struct, frozen=True):
    """One prediction, the sums behind it, and what it remembers."""

    predict: int
    probability: float
    adds: Additions
    training: Memory


class Explanation(msgspec.Struct, frozen=True):
    """The reasons of each flight: `base_rate` and the three `adds` sum up to `probability`."""

    base_rate: float
    explanations: list[Reasons]


class Explainer:
    """Explain every possible flight, from one run of the model over all cells.

    The Shapley values are exact, and of the *interventional* game against the training flights
    (Janzing, Minorics and Blöbaum, "Feature relevance quantification in explainable AI", AISTATS
    2020): a coalition of features is worth the mean probability over all training flights, each
    with these features set to those of the flight explained; the others keep their joint
    distribution. The base rate, which the empty coalition is worth, is the mean prediction.
    """

    def __init__(self, model: Model, encoder: Encoder) -> None:
        cells = np.arange(len(encoder.one_hot))
        delay, probability = model.predict(encoder.one_hot, cells)
        flights, delayed = np.zeros((2, len(cells)), np.int64)
        for counts in model.metadata.training_counts:
            flights[counts.cell], delayed[counts.cell] = counts.flights, counts.delayed
        sizes = [len(known) for known in msgspec.structs.astuple(model.metadata.categories)]
        worth = _worth(
            probability.astype(np.float64).reshape(sizes), (flights / flights.sum()).reshape(sizes)
        )
        adds = [
            _shapley(worth, feature, len(sizes)).ravel().tolist() for feature in range(len(sizes))
        ]
        self._base_rate = worth[frozenset()].flat[0].item()
        self._reasons = [
            Reasons(one_delay, one_probability, Additions(*three), _memory(*seen))
            for one_delay, one_probability, three, seen in zip(
                delay.tolist(),
                probability.tolist(),
                zip(*adds, strict=True),
                zip(flights.tolist(), delayed.tolist(), strict=True),
                strict=True,
            )
        ]

    def explain(self, cells: NDArray[np.intp]) -> Explanation:
        """Return the reasons of the flights of these cells, in order."""
        return Explanation(self._base_rate, [self._reasons[cell] for cell in cells.tolist()])


def _worth(probability: Table, weight: Table) -> dict[frozenset[int], Table]:
    """Return what each coalition of features is worth, for all cells at once."""
    features = range(probability.ndim)
    worth = {}
    for size in range(probability.ndim + 1):
        for present in itertools.combinations(features, size):
            absent = tuple(set(features) - set(present))
            share = weight.sum(axis=present, keepdims=True)  # of each value of the absent features
            mean = (share * probability).sum(axis=absent, keepdims=True)
            worth[frozenset(present)] = np.broadcast_to(mean, probability.shape)
    return worth


def _shapley(worth: dict[frozenset[int], Table], feature: int, features: int) -> Table:
    """Return the mean of what the feature adds over all orders in which the features may come."""
    total = np.zeros_like(worth[frozenset()])
    for others, without in worth.items():
        if feature not in others:
            orders = factorial(len(others)) * factorial(features - len(others) - 1)
            total += orders / factorial(features) * (worth[others | {feature}] - without)
    return total


def _memory(flights: int, delayed: int) -> Memory:
    return Memory(flights, delayed, delayed / flights if flights else None)

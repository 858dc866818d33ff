"""What a run measured, and how it stands to what is to be reached."""

from statistics import median
from typing import Final, NamedTuple, Self

import msgspec


class Measure(NamedTuple):
    """A figure that every contender has, and how it is read."""

    title: str
    unit: str
    digits: int = 0


class Target(NamedTuple):
    """A line to cross: the ratio of Puntual's figure to that of another."""

    measure: str
    against: str
    limit: float
    at_least: bool

    def met(self, ratio: float) -> bool:
        """Return whether the ratio is on the right side of the limit."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit


MEASURES: Final = {
    "cold_start": Measure("spawn to first answer", "ms"),
    "help": Measure("`python -m training --help`", "ms"),
    "one": Measure("one flight, 1 connection", "requests/s"),
    "one_cpu": Measure("one flight, 1 connection, CPU time", "us"),
    "one_p50": Measure("one flight, 1 connection, median", "ms", 2),
    "four": Measure("one flight, 4 connections", "requests/s"),
    "four_cpu": Measure("one flight, 4 connections, CPU time", "us"),
    "single": Measure("one flight, 100 connections", "requests/s"),
    "single_cpu": Measure("one flight, 100 connections, CPU time", "us"),
    "p99": Measure("one flight, 100 connections, 99th percentile", "ms", 1),
    "timed": Measure("one flight with its time, 100 connections", "requests/s"),
    "one_log": Measure("one flight, 1 connection, with log", "requests/s"),
    "four_log": Measure("one flight, 4 connections, with log", "requests/s"),
    "single_log": Measure("one flight, 100 connections, with log", "requests/s"),
    "thousand": Measure("1,000 flights with times, 4 connections", "requests/s"),
    "ten_thousand": Measure("10,000 flights with times, 4 connections", "requests/s", 1),
    "memory": Measure("memory after load (PSS)", "MB"),
    "size": Measure("installed", "MB"),
    "fit_68k": Measure("training, 68,206 flights", "s", 3),
    "fit_10m": Measure("training, 10 million flights", "s", 3),
}
TARGETS: Final = (
    Target("cold_start", "reference", 0.16, at_least=False),
    Target("cold_start", "hello", 1.30, at_least=False),
    Target("single", "reference", 14, at_least=True),
    Target("cold_start", "hello_onnx", 1.03, at_least=False),
    Target("help", "typer", 3, at_least=False),
    Target("one", "bare", 0.92, at_least=True),
    Target("one", "fastapi_onnx", 1.3, at_least=True),
    Target("one_p50", "hello", 1.75, at_least=False),
    Target("four", "fastapi_onnx", 1.5, at_least=True),
    Target("single", "bare", 1.1, at_least=True),
    Target("single", "fastapi_onnx", 1.7, at_least=True),
    Target("one_log", "fastapi_onnx", 1.3, at_least=True),
    Target("four_log", "fastapi_onnx", 1.5, at_least=True),
    Target("single_log", "fastapi_onnx", 1.7, at_least=True),
    Target("p99", "reference", 1 / 20, at_least=False),
    Target("thousand", "reference", 8, at_least=True),
    Target("thousand", "fastapi_onnx", 2.5, at_least=True),
    Target("ten_thousand", "reference", 8, at_least=True),
    Target("ten_thousand", "fastapi_onnx", 4, at_least=True),
    Target("memory", "reference", 0.5, at_least=False),
    Target("size", "reference", 0.2, at_least=False),
    Target("fit_10m", "reference", 1 / 100, at_least=False),
)
OURS: Final = "puntual"


class Machine(msgspec.Struct, frozen=True):
    """Where a run was made."""

    cores: int
    architecture: str
    python: str


class Results(msgspec.Struct):
    """Samples of each measure and contender, round by round: those of a round are one pair.

    In training `reference` fits on rows and `puntual` on counts. `typer` is the import of Typer; it
    is no contender, and has no title.
    """

    machine: Machine
    titles: dict[str, str]
    samples: dict[str, dict[str, list[float]]] = {}

    def add(self, measure: str, contender: str, sample: float) -> None:
        """Keep what one round measured."""
        self.samples.setdefault(measure, {}).setdefault(contender, []).append(sample)

    def value(self, measure: str, contender: str) -> float | None:
        """Return the median, where it was measured."""
        samples = self.samples.get(measure, {}).get(contender)
        return median(samples) if samples else None

    def ratio(self, measure: str, against: str) -> float | None:
        """Return the median over the rounds of Puntual's figure to the other's."""
        samples = self.samples.get(measure, {})
        if OURS not in samples or against not in samples:
            return None
        pairs = zip(samples[OURS], samples[against], strict=True)
        return median(ours / theirs for ours, theirs in pairs)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def to_json(self) -> bytes:
        """Return all samples, indented."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"

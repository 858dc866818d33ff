"""Callers who ask at the same time: what they ask, and that each gets the answer to it."""

import asyncio
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import h11
import msgspec

from function.flights import Flight
from function.model import Model
from tests.support.servers import PACKAGE
from tests.support.wire import post

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Question(NamedTuple):
    """A request, and what must come back; any body will do where `answer` is None."""

    request: bytes
    status: int
    answer: object = None


@dataclass
class Tally:
    """What callers saw: the statuses that honest ones got, their times, and what went wrong."""

    honest: Counter[int] = field(default_factory=Counter)
    hostile: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        times = sorted(self.seconds)
        return 1000 * times[len(times) * percent // 100] if times else 0.0


def questions(count: int, seed: int = 0) -> list[Question]:
    """Draw questions of one to three flights, with the answers of the model in this process."""
    model, rng = Model(PACKAGE / "model.onnx"), random.Random(seed)  # noqa: S311  # no secret
    categories, asked = model.metadata.categories, []
    for _ in range(count):
        flights = []
        for _ in range(rng.randint(1, 3)):
            month = rng.choice(categories.MES)
            time = datetime(2017, month, rng.randint(1, 28), rng.randint(0, 23))
            names = rng.choice(categories.OPERA), rng.choice(categories.TIPOVUELO)
            flights.append(Flight(*names, month, rng.choice([None, time])))
        prediction = model.predict(model.encoder.cells(flights))
        answer = {
            "predict": prediction.delay.tolist(),
            "probability": prediction.probability.tolist(),
        }
        asked.append(Question(_request(flights), 200, answer))
    return asked


def _request(flights: list[Flight]) -> bytes:
    body = msgspec.json.encode({"flights": flights})
    return post(body, path="/predict?probability=true")


def room_for(connections: int) -> int:
    """Let this process and its children open more files; return how many connections fit."""
    spare = 200  # what a process has open besides
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = connections + spare if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(connections + spare, most), hard))
    return min(connections, most - spare)


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ask(streams: Streams, question: Question, tally: Tally) -> None:
    """Send a question, and note in the tally whether the right answer came back."""
    reader, writer = streams
    start = time.perf_counter()
    writer.write(question.request)
    status, body = await _answer(reader)
    tally.seconds.append(time.perf_counter() - start)
    tally.honest[status] += 1
    if status != question.status:
        tally.failures.append(
            f"Expected {question.status}, got {status} for {question.request[:60]!r}"
        )
    elif question.answer is not None and msgspec.json.decode(body) != question.answer:
        tally.failures.append(f"Expected {question.answer}, got {body!r}")


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("Host", "puntual")]))
    parser.send(h11.EndOfMessage())
    status, body = 0, bytearray()
    while not isinstance(event := parser.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            parser.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
    return status, bytes(body)

"""Overload and soak of the packaged function: `python -m tests.load --help`.

Both talk to a function that they start themselves on 127.0.0.1, end by themselves, and exit with
1 where an honest caller was failed or something grew.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Annotated, Final

import typer

from tests.load.callers import Question, Streams, Tally, ask, connect, questions, room_for
from tests.support.at_hand import FLIGHT
from tests.support.wire import BODY, Served, Usage, post, serve

GOOD: Final = post(BODY)
LONG: Final = post(BODY.rjust(4 * 1024 * 1024))
HONEST: Final = 10
DIFFERENT: Final = 500  # questions, each with an answer of its own
ALLOWED: Final = Usage(2048, 0, 0)  # growth: KiB that an allocator may still take up
# One of each, beside as many good ones.
BAD: Final = [
    Question(post(b"{"), 400),
    Question(post(b'{"flights":[{"OPERA":"\xff"}]}'), 400),
    Question(post(BODY.replace(b'"N"', b'"X"')), 400),
    Question(post(BODY.replace(b"Aero", b"Areo")), 400),
    Question(post(BODY, path="/nowhere"), 404),
    Question(post(BODY, "Content-Encoding: gzip"), 415),
    Question(b"PUT / HTTP/1.1\r\nHost: puntual\r\n\r\n", 405),
    Question(b"GET /model HTTP/1.1\r\nHost: puntual\r\n\r\n", 200),
    Question(b"GET /health HTTP/1.1\r\nHost: puntual\r\n\r\n", 200),
    Question(post(json.dumps({"flights": [FLIGHT] * 500}).encode()), 200),
]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def overload(connections: int = 1000, seconds: float = 60) -> None:
    """Serve ten honest callers while hostile ones are slow, huge, half-sent and abandoned."""
    connections = room_for(connections)
    with serve() as served:
        _end(overwhelm(served, connections, seconds))


@app.command()
def soak(
    requests: Annotated[int, typer.Option(help="How many, after a tenth to warm up.")] = 1_000_000,
) -> None:
    """Send mixed requests, and see whether memory, threads or open files grow."""
    with serve() as served:
        _end(soften(served, requests))


def overwhelm(served: Served, connections: int, seconds: float) -> list[str]:
    """Overload a function; return what failed."""
    quiet = asyncio.run(_honest_only(served.port, 2))
    before = _say(served, "before", quiet)
    tally, most = asyncio.run(_overload(served, connections, seconds))
    _say(served, "during", tally)
    after = asyncio.run(_honest_only(served.port, 2))
    _say(served, "after", after)
    typer.echo(f"most PSS {most // 1024} MiB, hostile {dict(tally.hostile)}")
    failures = quiet.failures + tally.failures + after.failures
    if (left := _settled(served, before).files - before.files) > 0:
        failures.append(f"{left} files stayed open")
    return [*failures, *served.output().splitlines()]


def soften(served: Served, requests: int) -> list[str]:
    """Send mixed requests for long; return what failed or grew."""
    warm = asyncio.run(_soak(served.port, requests // 10))
    before = _say(served, "warm", warm)
    tally = asyncio.run(_soak(served.port, requests))
    _say(served, "end", tally)
    after = _settled(served, before)
    failures = warm.failures + tally.failures
    for name, was, now, allowed in zip(before._fields, before, after, ALLOWED, strict=True):
        if now > was + allowed:
            failures.append(f"{name} grew from {was} to {now}")
    return [*failures, *served.output().splitlines()]


def _settled(served: Served, before: Usage) -> Usage:
    """Return the usage after the connections that were let go are closed, which takes a moment."""
    end = time.monotonic() + 10
    while (usage := served.usage()).files > before.files and time.monotonic() < end:
        time.sleep(0.1)
    return usage


def _say(served: Served, when: str, tally: Tally) -> Usage:
    usage = served.usage()
    typer.echo(
        f"{when}: {dict(tally.honest)}, p50 {tally.percentile(50):.1f} ms, "
        f"p99 {tally.percentile(99):.1f} ms, PSS {usage.pss_kib // 1024} MiB, "
        f"{usage.threads} threads, {usage.files} files",
    )
    return usage


def _end(failures: list[str]) -> None:
    sys.exit("\n".join(failures[:5]) or 0)


def _mixed() -> Iterator[Question]:
    good = itertools.cycle(questions(DIFFERENT))
    for bad in itertools.cycle(BAD):
        yield from (next(good), bad)


async def _soak(port: int, requests: int) -> Tally:
    tally, mixed = Tally(), itertools.islice(_mixed(), requests)

    async def call() -> None:
        async with connect(port) as streams:
            for question in mixed:
                await ask(streams, question, tally)

    await asyncio.gather(*(call() for _ in range(HONEST)))
    return tally


async def _honest_only(port: int, seconds: float) -> Tally:
    asked, tally = questions(DIFFERENT), Tally()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_honest(port, end, tally, asked[n::HONEST]) for n in range(HONEST)))
    return tally


async def _overload(served: Served, connections: int, seconds: float) -> tuple[Tally, int]:
    """Return what was seen, and the most memory that was held meanwhile, PSS in KiB."""
    asked, tally, most = questions(DIFFERENT), Tally(), 0
    end = time.monotonic() + seconds
    callers = [
        asyncio.create_task(_hostile(behaviour, served.port, end, tally))
        for behaviour in itertools.islice(itertools.cycle(HOSTILE), connections)
    ]
    callers += [
        asyncio.create_task(_honest(served.port, end, tally, asked[n::HONEST]))
        for n in range(HONEST)
    ]
    while time.monotonic() < end:
        most = max(most, served.usage().pss_kib)
        await asyncio.sleep(0.5)
    done, hanging = await asyncio.wait(callers, timeout=30)
    for task in hanging:
        task.cancel()
    tally.failures += [f"{len(hanging)} callers were left hanging"] * bool(hanging)
    for task in done:
        task.result()
    return tally, most


async def _honest(port: int, end: float, tally: Tally, asked: list[Question]) -> None:
    """Ask as an honest caller does, a good request after the other.

    Each on a connection of its own: one kept alive is closed after two idle seconds, which this
    process may well spend on the hostile ones.
    """
    for question in itertools.cycle(asked):
        if time.monotonic() > end:
            return
        async with connect(port) as streams:
            await ask(streams, question, tally)
        await asyncio.sleep(0.01)


async def _hostile(
    behaviour: Callable[[Streams, float], Coroutine[None, None, None]],
    port: int,
    end: float,
    tally: Tally,
) -> None:
    while time.monotonic() < end:
        with suppress(ConnectionError, TimeoutError):
            async with connect(port) as streams:
                await behaviour(streams, end)
        tally.hostile[behaviour.__name__.strip("_")] += 1
        await asyncio.sleep(0.1)


async def _slow(streams: Streams, end: float) -> None:
    """Send a body a byte at a time."""
    reader, writer = streams
    writer.write(GOOD[: -len(BODY)])
    for byte in BODY:
        if time.monotonic() > end or reader.at_eof():
            return
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def _huge(streams: Streams, _end: float) -> None:
    """Send as much as is allowed, but for the last byte, and wait."""
    reader, writer = streams
    writer.write(LONG[:-1])
    await writer.drain()
    await asyncio.wait_for(reader.read(1), 5)


async def _half_sent(streams: Streams, end: float) -> None:
    """Send half of a head, and wait."""
    streams[1].write(GOOD[:30])
    await asyncio.sleep(min(5, max(0, end - time.monotonic())))


async def _abandoned(streams: Streams, _end: float) -> None:
    """Send a whole request, and do not wait for its answer."""
    streams[1].write(GOOD)
    await streams[1].drain()


HOSTILE: Final = (_slow, _huge, _half_sent, _abandoned)


if __name__ == "__main__":
    app()

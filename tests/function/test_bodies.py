"""Bodies are gathered within their bounds, and let go of whatever happens."""

import asyncio
import contextlib
import gc
import weakref
from typing import Any

import pytest

from function.bodies import BodyReader, Receive
from function.errors import RequestError

MIB = 1024 * 1024
SMALL = 65_536


def chunks(*sizes: int, stall: bool = False) -> Receive:
    """Return what the server gives: chunks of these sizes, and then no end where it stalls."""
    left = list(sizes)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        if not left:
            await asyncio.Event().wait()
        body = bytes(left.pop(0))
        return {"type": "http.request", "body": body, "more_body": bool(left) or stall}

    return receive


def intake(*, seconds: float = 30) -> BodyReader:
    return BodyReader(max_bytes=4 * MIB, seconds=seconds, budget=8 * MIB)


def refusal(bounds: BodyReader, receive: Receive) -> RequestError:
    with pytest.raises(RequestError) as raised:
        asyncio.run(bounds.read(receive))
    assert bounds.held == 0
    return raised.value


def test_a_body_is_gathered_whole() -> None:
    bounds = intake()
    assert asyncio.run(bounds.read(chunks(3, 0, 5))) == bytes(8)
    assert bounds.held == 0


def test_a_body_that_is_there_already_costs_neither_a_timer_nor_an_iteration_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def read() -> None:
        monkeypatch.delattr(asyncio, "timeout")
        with pytest.raises(StopIteration) as done:
            intake().read(receive).send(None)
        assert done.value.value == b"{}"

    asyncio.run(read())


@pytest.mark.parametrize(("size", "fits"), [(4 * MIB, True), (4 * MIB + 1, False)])
def test_the_longest_body_is_taken_and_a_longer_one_is_not(size: int, fits: bool) -> None:  # noqa: FBT001
    body = chunks(MIB, size - MIB)
    if fits:
        assert len(asyncio.run(intake().read(body))) == size
    else:
        error = refusal(intake(), body)
        assert str(error) == "Expected a body of at most 4194304 bytes, got a longer one"
        assert (error.status, error.headers) == (413, ((b"connection", b"close"),))


def test_a_body_that_stalls_is_given_up() -> None:
    error = refusal(intake(seconds=0.01), chunks(10, stall=True))
    assert str(error) == "Expected a whole body within 0.01 seconds, got a part of it"
    assert (error.status, error.headers) == (408, ((b"connection", b"close"),))


def test_what_came_before_the_caller_left_is_no_body_even_if_it_reads_like_one() -> None:
    async def receive() -> dict[str, Any]:
        return events.pop(0)

    events: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{}", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert refusal(intake(), receive).status == 400


@pytest.mark.parametrize("late", [False, True], ids=["immediately", "late"])
def test_a_body_that_is_refused_is_let_go_of_without_the_garbage_collector(*, late: bool) -> None:
    async def refuse() -> weakref.ref[Receive]:
        async def receive() -> dict[str, Any]:
            if late:
                await asyncio.sleep(0)
            return {"type": "http.request", "body": bytes(4 * MIB + 1)}

        with contextlib.suppress(RequestError):
            await intake().read(receive)
        await asyncio.sleep(0)  # what the task calls when it ends
        return weakref.ref(receive)

    gc.disable()
    try:
        assert asyncio.run(refuse())() is None
    finally:
        gc.enable()


def test_beyond_the_sum_of_all_only_small_bodies_are_taken() -> None:
    async def crowd(bounds: BodyReader) -> None:
        stalled = [asyncio.create_task(bounds.read(chunks(4 * MIB, stall=True))) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert bounds.held == 8 * MIB
        for size in (100, SMALL):
            assert await bounds.read(chunks(size)) == bytes(size)
        with pytest.raises(RequestError, match="try again") as raised:
            await bounds.read(chunks(SMALL, 1))
        assert raised.value.status == 503
        assert raised.value.headers == ((b"connection", b"close"), (b"retry-after", b"1"))
        for task in stalled:
            task.cancel()
        await asyncio.wait(stalled)
        assert bounds.held == 0
        assert len(await bounds.read(chunks(4 * MIB))) == 4 * MIB

    asyncio.run(crowd(intake()))

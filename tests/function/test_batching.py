"""Requests that come together share a run of the model, and nothing else."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from function.batching import BATCH_WAIT, MAX_IMMEDIATE, MAX_WAITING, MIN_BATCH, Batcher
from function.model import Model, Outputs
from tests.support.at_hand import CELLS, MODEL
from training.project import ARTIFACTS


class Counted(Model):
    """The model, which counts the flights of its runs and crashes once it is asked for a cell."""

    def __init__(self, poison: int | None = None) -> None:
        super().__init__(ARTIFACTS / "model.onnx")
        self.runs: list[int] = []
        self._poison = poison

    def predict(self, cells: NDArray[np.int64]) -> Outputs:
        self.runs.append(len(cells))
        if self._poison in cells:
            raise ZeroDivisionError("a bug")
        return super().predict(cells)


async def answer(batcher: Batcher, cells: Sequence[int]) -> Outputs:
    return await batcher.predict(np.array(cells, np.int64))


def same(found: Outputs | BaseException, cells: Sequence[int]) -> bool:
    alone = MODEL.predict(np.array(cells, np.int64))
    assert isinstance(found, Outputs)
    return (
        found.delay.tobytes() == alone.delay.tobytes()
        and found.probability.tobytes() == alone.probability.tobytes()
    )


def immediately(batcher: Batcher, cells: Sequence[int]) -> Outputs:
    """Return an answer for which no turn of the event loop is needed."""
    with pytest.raises(StopIteration) as done:
        answer(batcher, cells).send(None)
    prediction: Outputs = done.value.value
    return prediction


def test_requests_of_one_turn_share_a_run_and_get_their_own_answers() -> None:
    async def ask() -> list[Outputs]:
        batcher = Batcher(model)
        return await asyncio.gather(*(answer(batcher, cells) for cells in requests))

    rng, model = np.random.default_rng(1), Counted()
    requests = [rng.integers(0, CELLS, size).tolist() for size in (1, 0, 1, 700, 1, 3)]
    assert all(map(same, asyncio.run(ask()), requests))
    assert model.runs == [706]


def test_a_request_waits_for_no_other() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        for cell in (7, 8):
            assert same(await answer(batcher, [cell]), [cell])

    model = Counted()
    asyncio.run(ask())
    assert model.runs == [1, 1]


def test_ever_more_requests_are_spared_the_wait_while_there_is_no_company() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        for row in rows:
            waits = asyncio.create_task(answer(batcher, [7]))
            await asyncio.sleep(0)
            assert not waits.done()
            assert same(await waits, [7])
            for cell in range(row):
                assert same(immediately(batcher, [cell]), [cell])

    model, rows = Counted(), [1, 3, 7, 15, MAX_IMMEDIATE, MAX_IMMEDIATE, 0]
    asyncio.run(ask())
    assert model.runs == [1] * (len(rows) + sum(rows))


def test_requests_with_company_share_their_runs_again() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        for _ in range(2):
            await answer(batcher, [1])
            for _ in range(
                3
            ):  # the first of them runs immediately, all others with their neighbours
                found = await asyncio.gather(*(answer(batcher, [cell]) for cell in range(4)))
                assert all(same(each, [cell]) for cell, each in enumerate(found))

    model = Counted()
    asyncio.run(ask())
    assert model.runs == [1, 1, 3, 4, 4] * 2


@pytest.mark.parametrize("alone", [False, True], ids=["shared", "alone"])
def test_a_bug_crashes_all_that_shared_the_run_and_none_after(*, alone: bool) -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        if alone:
            await answer(batcher, [7])
        together = (answer(batcher, [cell]) for cell in (9, 8))
        nine, eight = await asyncio.gather(*together, return_exceptions=True)
        assert isinstance(nine, ZeroDivisionError)
        assert same(eight, [8]) if alone else isinstance(eight, ZeroDivisionError)
        for _ in range(2):
            assert same(await answer(batcher, [8]), [8])

    model = Counted(poison=9)
    asyncio.run(ask())
    assert model.runs == ([1] * 5 if alone else [2, 1, 1])


@pytest.mark.parametrize("poison", [None, 9], ids=["answered", "crashed"])
def test_a_request_that_is_given_up_takes_no_other_with_it(poison: int | None) -> None:
    async def ask() -> tuple[Outputs | BaseException, Outputs | BaseException]:
        batcher = Batcher(model)
        given_up, other = (asyncio.create_task(answer(batcher, [cell])) for cell in (8, 9))
        await asyncio.sleep(0)  # both wait now, and the run is next
        given_up.cancel()
        async with asyncio.timeout(30):
            return await asyncio.gather(given_up, other, return_exceptions=True)

    model = Counted(poison)
    given_up, other = asyncio.run(ask())
    assert model.runs == [2]
    assert isinstance(given_up, asyncio.CancelledError)
    assert isinstance(other, ZeroDivisionError) if poison else same(other, [9])


def test_a_request_that_is_given_up_alone_leaves_the_next_one_its_run() -> None:
    async def ask() -> Outputs:
        batcher = Batcher(model)
        given_up = asyncio.create_task(answer(batcher, [8]))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        return await answer(batcher, [9])

    model = Counted()
    assert same(asyncio.run(ask()), [9])
    assert model.runs == [1, 1]


def batch(size: int = MIN_BATCH) -> list[int]:
    cells: list[int] = np.random.default_rng(size).integers(0, CELLS, size).tolist()
    return cells


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_batches_wait_for_others_that_are_still_received_and_share_a_run() -> None:
    async def ask() -> list[Outputs]:
        batcher = Batcher(model)
        asked = []
        for cells in batches:
            asked.append(asyncio.create_task(answer(batcher, cells)))
            await turns(BATCH_WAIT)
            assert model.runs == []
        return await asyncio.gather(*asked)

    model, batches = Counted(), [batch(MIN_BATCH + more) for more in (0, 2, 1)]
    assert all(map(same, asyncio.run(ask()), batches))
    assert model.runs == [3 * MIN_BATCH + 3]


def test_a_batch_that_waited_in_vain_runs_alone() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        for number in range(3):
            asked = asyncio.create_task(answer(batcher, batch()))
            await turns(BATCH_WAIT + 2)
            assert model.runs == [MIN_BATCH] * (number + 1)
            assert same(await asked, batch())

    model = Counted()
    asyncio.run(ask())


def test_batches_that_keep_coming_do_not_put_the_first_one_off_without_end() -> None:
    async def ask() -> None:
        batcher, asked = Batcher(model), []
        for _ in range(2 * MAX_WAITING // MIN_BATCH):
            asked.append(asyncio.create_task(answer(batcher, batch())))
            await turns(1)
        await asyncio.gather(*asked)

    model = Counted()
    asyncio.run(ask())
    assert MAX_WAITING <= model.runs[0] <= MAX_WAITING + 2 * MIN_BATCH


def test_single_flights_are_answered_while_a_batch_waits() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        waits = asyncio.create_task(answer(batcher, batch()))
        await turns(1)
        assert same(await answer(batcher, [7]), [7])
        assert same(immediately(batcher, [8]), [8])
        assert model.runs == [1, 1]
        assert same(await waits, batch())

    model = Counted()
    asyncio.run(ask())
    assert model.runs == [1, 1, MIN_BATCH]


def test_a_bug_crashes_the_batches_that_shared_the_run_and_none_after() -> None:
    async def ask() -> None:
        batcher = Batcher(model)
        poisoned, given_up, other = (
            asyncio.create_task(answer(batcher, cells)) for cells in (batch(), batch(), batch())
        )
        await turns(1)
        given_up.cancel()
        found = await asyncio.gather(poisoned, given_up, other, return_exceptions=True)
        assert [type(each) for each in found] == [
            ZeroDivisionError,
            asyncio.CancelledError,
            ZeroDivisionError,
        ]
        good = [poison + 1] * MIN_BATCH
        assert same(await answer(batcher, good), good)

    poison = batch()[0]
    model = Counted(poison)
    asyncio.run(ask())
    assert model.runs[0] == 3 * MIN_BATCH

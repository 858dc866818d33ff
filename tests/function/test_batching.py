"""Requests that come together share a run of the model, and nothing else."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from function.batching import Batcher
from function.encoder import Encoder
from function.model import Model, Prediction
from training.project import ARTIFACTS

MODEL = Model(ARTIFACTS / "model.onnx")
ONE_HOT = Encoder(MODEL.metadata.categories).one_hot


class Counted(Model):
    """The model, which counts the flights of its runs and crashes once it is asked for a cell."""

    def __init__(self, poison: int | None = None) -> None:
        super().__init__(ARTIFACTS / "model.onnx")
        self.runs: list[int] = []
        self._poison = poison

    def predict(self, one_hot: NDArray[np.float32], cells: NDArray[np.intp]) -> Prediction:
        self.runs.append(len(cells))
        if self._poison in cells:
            raise ZeroDivisionError("a bug")
        return super().predict(one_hot, cells)


async def answer(batcher: Batcher, cells: Sequence[int]) -> Prediction:
    return await batcher.predict(np.array(cells, np.intp))


def same(found: Prediction | BaseException, cells: Sequence[int]) -> bool:
    alone = MODEL.predict(ONE_HOT, np.array(cells, np.intp))
    assert isinstance(found, Prediction)
    return (
        found.delay.tobytes() == alone.delay.tobytes()
        and found.probability.tobytes() == alone.probability.tobytes()
    )


def test_requests_of_one_turn_share_a_run_and_get_their_own_answers() -> None:
    async def ask() -> list[Prediction]:
        batcher = Batcher(model, ONE_HOT)
        return await asyncio.gather(*(answer(batcher, cells) for cells in requests))

    rng, model = np.random.default_rng(1), Counted()
    requests = [rng.integers(0, 552, size).tolist() for size in (1, 0, 1, 700, 1, 3)]
    assert all(map(same, asyncio.run(ask()), requests))
    assert model.runs == [706]


def test_a_request_waits_for_no_other() -> None:
    async def ask() -> None:
        batcher = Batcher(model, ONE_HOT)
        for cell in (7, 8):
            assert same(await answer(batcher, [cell]), [cell])

    model = Counted()
    asyncio.run(ask())
    assert model.runs == [1, 1]


def test_a_bug_crashes_all_that_shared_the_run_and_none_after() -> None:
    async def ask() -> None:
        batcher = Batcher(Counted(poison=9), ONE_HOT)
        together = (answer(batcher, [cell]) for cell in (8, 9))
        found = await asyncio.gather(*together, return_exceptions=True)
        assert [type(each) for each in found] == [ZeroDivisionError] * 2
        assert same(await answer(batcher, [8]), [8])

    asyncio.run(ask())


@pytest.mark.parametrize("poison", [None, 9], ids=["answered", "crashed"])
def test_a_request_that_is_given_up_takes_no_other_with_it(poison: int | None) -> None:
    async def ask() -> tuple[Prediction | BaseException, Prediction | BaseException]:
        batcher = Batcher(model, ONE_HOT)
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

"""Requests that come at the same time share a run of the model; each caller gets its own answer."""

import asyncio

from tests.load.callers import Question, Tally, ask, connect, questions
from tests.support.wire import Served

CALLERS = 32


def test_callers_at_once_each_get_their_own_answer(served: Served) -> None:
    asked = questions(400)
    assert len({str(question.answer) for question in asked}) > 350  # a swap would be seen
    tally = asyncio.run(_all_at_once(served.port, asked))
    assert tally.failures == []
    assert tally.honest == {200: len(asked)}


async def _all_at_once(port: int, asked: list[Question]) -> Tally:
    tally = Tally()

    async def call(own: list[Question]) -> None:
        async with connect(port) as streams:
            for question in own:
                await ask(streams, question, tally)

    await asyncio.gather(*(call(asked[caller::CALLERS]) for caller in range(CALLERS)))
    return tally

"""What the routes answer, from a body and a query: nothing here knows HTTP."""

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .batching import Batcher
from .errors import RequestError, shown
from .flights import decode
from .log import predicted
from .model import Model

if TYPE_CHECKING:
    from .evidence import Evidence
    from .explain import Explainer

type Query = dict[str, str]
type Handler = Callable[[bytes, Query], Awaitable[object]]

# What only some routes need is imported by them: the first prediction does not wait for it.


class Handlers:
    """The answers of one model, to be encoded as JSON."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.encoder = model.encoder
        self._batcher = Batcher(model)

    async def predict(self, body: bytes, query: Query) -> object:
        """Return whether each flight will be delayed, and how probable it is where asked."""
        cells = self.encoder.cells(decode(body))
        prediction = await self._batcher.predict(cells)
        labels = prediction.delay.tolist()
        predicted(len(labels), sum(labels))
        answer: dict[str, object] = {"predict": labels}
        if _flag(query, "probability"):
            answer["probability"] = prediction.probability.tolist()
        if _flag(query, "training"):
            answer["training"] = self._evidence.of(cells)
        return answer

    async def explain(self, body: bytes, _query: Query) -> object:
        """Return what each feature adds to the probability of each flight."""
        explanation = await self._explainer.explain(self.encoder.cells(decode(body)))
        delays = sum(reasons.predict for reasons in explanation.explanations)
        predicted(len(explanation.explanations), delays)
        return explanation

    async def bigquery(self, body: bytes, _query: Query) -> object:
        """Return the replies to a remote function's calls."""
        from .bigquery import reply  # noqa: PLC0415

        return await reply(body, self.encoder, self._batcher)

    async def describe_model(self, _body: bytes, _query: Query) -> object:
        """Return what training says of the model."""
        return self.model.metadata.public()

    async def health(self, _body: bytes, _query: Query) -> object:
        """Return that it runs."""
        return {"status": "OK"}

    @functools.cached_property
    def _explainer(self) -> "Explainer":
        from .explain import Explainer  # noqa: PLC0415

        return Explainer(self.model, self._evidence)

    @functools.cached_property
    def _evidence(self) -> "Evidence":
        from .evidence import Evidence  # noqa: PLC0415

        return Evidence(self.model)


def _flag(query: Query, name: str) -> bool:
    match query.get(name, "false"):
        case "true":
            return True
        case "false":
            return False
        case value:
            raise RequestError(f"Expected true or false, got {shown(value)}", path=f"?{name}")

"""What the routes answer, from a body and a query."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from .batching import Batcher
from .errors import Headers, InputError, shown
from .flights import decode, decoder_of
from .model import Model

if TYPE_CHECKING:
    from .evidence import Evidence
    from .explain import Explainer


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What is encoded as JSON for the caller, and what the log says of it."""

    content: object
    flights: int | None = None  # that were predicted
    delays: int | None = None  # of them
    content_type: bytes = b"application/json"
    headers: Headers = ()


type Query = dict[str, str]
type Handler = Callable[[bytes, Query], Awaitable[Answer]]
type Routes = Mapping[str, Mapping[str, Route]]  # by path and method


class Route(NamedTuple):
    """A handler with its description: the names of schemas, and the query parameters."""

    handler: Handler
    name: str
    summary: str
    answer: str | None  # None for HTML
    payload: str = "Payload"  # of POST
    flags: Mapping[str, str] = {}


# Imported inside the handlers that need it, to keep cold starts short: BigQuery, evidence, explain
# and the page.


class Handlers:
    """The answers of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.encoder = model.encoder
        self._batcher = Batcher(model)
        self._decoder = decoder_of(model.metadata.categories)

    async def predict(self, body: bytes, query: Query) -> Answer:
        """Answer whether each flight will be delayed, and its probability and evidence if asked."""
        with_probability, with_training = _flag(query, "probability"), _flag(query, "training")
        cells = self.encoder.cells(decode(body, self._decoder))
        prediction = await self._batcher.predict(cells)
        labels = prediction.delay.tolist()
        content: dict[str, object] = {"predict": labels}
        if with_probability:
            content["probability"] = prediction.probability.tolist()
        if with_training:
            content["training"] = self._evidence.of(cells)
        return Answer(content, len(labels), sum(labels))

    async def explain(self, body: bytes, _query: Query) -> Answer:
        """Answer what each feature adds to the probability of each flight."""
        explanation = await self._explainer.explain(self.encoder.cells(decode(body, self._decoder)))
        flights = explanation.explanations
        return Answer(explanation, len(flights), sum(flight.predict for flight in flights))

    async def bigquery(self, body: bytes, _query: Query) -> Answer:
        """Answer the calls of a remote function."""
        from .bigquery import reply  # noqa: PLC0415

        replies, delay = await reply(body, self.model, self._batcher)
        return Answer({"replies": replies}, len(delay), int(delay.sum()))

    async def describe_model(self, _body: bytes, _query: Query) -> Answer:
        """Answer what training says of the model."""
        return Answer(self.model.metadata.public())

    async def health(self, _body: bytes, _query: Query) -> Answer:
        """Answer that the function runs."""
        return Answer({"status": "OK"})

    async def page(self, _body: bytes, _query: Query) -> Answer:
        """Answer the web page."""
        from .page import page  # noqa: PLC0415

        html, headers = page()
        raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
        return Answer(msgspec.Raw(html), content_type=b"text/html; charset=utf-8", headers=raw)

    @functools.cached_property
    def _explainer(self) -> "Explainer":
        from .explain import Explainer  # noqa: PLC0415

        return Explainer(self.model, self._evidence)

    @functools.cached_property
    def _evidence(self) -> "Evidence":
        from .evidence import Evidence  # noqa: PLC0415

        return Evidence(self.model)


def _flag(query: Query, name: str) -> bool:
    value = query.get(name, "false")
    if value not in {"true", "false"}:
        raise InputError(f"Expected true or false, got {shown(value)}", path=f"?{name}")
    return value == "true"

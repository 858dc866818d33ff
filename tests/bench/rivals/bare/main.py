"""A floor for Puntual: its framework, its decoder, its encoder and its model, and nothing else.

It checks nothing, has one route, waits for a body without end, and writes no log.
"""

import sys
from pathlib import Path

import functions_framework.aio
import msgspec
from starlette.requests import Request
from starlette.responses import Response

sys.path.append(str(Path(__file__).parents[4] / ".build"))

from function.startup import finish  # isort: skip
from function.flights import decode, decoder_of
from function.model import Model

model = Model(Path(__file__).parents[4] / ".build" / "function" / "model.onnx")
decoder = decoder_of(model.metadata.categories)


class Answer(Response):
    """JSON with headers that are encoded already."""

    def __init__(self, body: bytes) -> None:
        self.status_code, self.body, self.background = 200, body, None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer 0 or 1 for each flight."""
    body, more = b"", True
    while more:
        part = await request.receive()
        body, more = body + part["body"], part["more_body"]
    delay = model.predict(model.encoder.cells(decode(body, decoder))).delay
    return Answer(msgspec.json.encode({"predict": delay.tolist()}))


finish()

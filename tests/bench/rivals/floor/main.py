"""A floor for any server: an asyncio protocol on uvloop, with no more of HTTP than wrk needs.

Decoding, encoding and the model are Puntual's own, from its package.
"""

import asyncio
import sys
from pathlib import Path

import msgspec
import uvloop

sys.path.append(str(Path(__file__).parents[4] / ".build"))

from function.startup import finish  # isort: skip
from function.flights import decode, decoder_of
from function.model import Model

model = Model(Path(__file__).parents[4] / ".build" / "function" / "model.onnx")
decoder = decoder_of(model.metadata.categories)

LENGTH = b"content-length:"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Connection(asyncio.Protocol):
    """Answer each request of a connection, as if none could be wrong."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.received = bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        start = self.received[:end].lower().find(LENGTH) + len(LENGTH)
        length = int(self.received[start:end].partition(b"\r\n")[0])
        if len(self.received) < end + 4 + length:
            return
        flights = decode(bytes(self.received[end + 4 :]), decoder)
        self.received.clear()
        delay = model.predict(model.encoder.cells(flights)).delay
        answer = msgspec.json.encode({"predict": delay.tolist()})
        self.transport.write(HEAD % len(answer) + answer)


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


finish()
uvloop.run(serve(int(sys.argv[1])))

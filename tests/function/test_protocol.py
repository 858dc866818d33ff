"""A caller that offers to upgrade is answered in HTTP/1.1: with its body, and once."""

import asyncio
import json
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from function.protocol import HttpProtocol
from tests.support.at_hand import ANSWER, FLIGHT
from tests.support.wire import BODY, Answer, Served, parse, post, read_answers

HTTP2: Final = (
    "Connection: Upgrade, HTTP2-Settings",
    "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    "Upgrade: h2c",
)
OFFERS: Final = {
    "HTTP/2": HTTP2,
    "WebSocket": (
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ),
    "several": ("Connection: upgrade", "Upgrade: TLS/1.0, h2c"),
    "unknown": ("Connection: Upgrade", "upgrade: foo"),
}
LAST: Final = b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"

JAVA: Final = """
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;

class Caller {
    public static void main(String[] args) throws Exception {
        var client = HttpClient.newHttpClient();
        var bytes = args[1].getBytes();
        var whole = BodyPublishers.ofByteArray(bytes);
        var chunks = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes));
        for (var body : List.of(whole, whole, chunks)) {
            var request = HttpRequest.newBuilder(URI.create(args[0]))
                .header("Content-Type", "application/json").POST(body).build();
            System.out.print(client.send(request, BodyHandlers.ofString()).body());
        }
    }
}
"""


def chunked(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    return head + b"\r\n\r\n%x\r\n%s\r\n0\r\nX-Trailer: y\r\n\r\n" % (len(body), body)


def send(served: Served, *packets: bytes) -> list[Answer]:
    with served.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            sock.sendall(packet)
        return read_answers(sock)


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("encode", [bytes, chunked], ids=["length", "chunks"])
def test_a_body_with_an_offer_is_answered_once(
    served: Served, offer: tuple[str, ...], encode: Callable[[bytes], bytes]
) -> None:
    request = encode(post(BODY, *offer))
    end_of_head = request.index(b"\r\n\r\n") + 4
    in_two = [request[:end_of_head], request[end_of_head:]]
    every_byte = [bytes([byte]) for byte in request]
    for packets in ([request], in_two, every_byte, [request] * 3, [request * 3]):
        *answers, last = send(served, *packets, LAST)
        assert [answer.status for answer in answers] == [200] * len(answers)
        assert [answer.body for answer in answers] == [ANSWER] * b"".join(packets).count(BODY)
        assert last.json == {"status": "OK"}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_a_request_without_a_body_is_answered_once(served: Served, offer: tuple[str, ...]) -> None:
    request = "\r\n".join(["GET /health HTTP/1.1", "Host: puntual", *offer, "", ""]).encode()
    answers = send(served, request, 2 * request, LAST)
    assert [(answer.status, answer.json) for answer in answers] == [(200, {"status": "OK"})] * 4


def test_what_else_frames_a_request_with_an_offer_is_kept(served: Served) -> None:
    request = post(BODY, *HTTP2)
    expecting = request.replace(b"Host", b"Expect: 100-continue\r\nHost")
    assert [answer.status for answer in send(served, expecting, LAST)] == [100, 200, 200]
    closing = request.replace(b"Connection: ", b"Connection: close, ")
    assert [answer.status for answer in send(served, closing, LAST)] == [200]
    old = request.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert [answer.body for answer in send(served, old, LAST)] == [ANSWER]


@pytest.mark.parametrize("encode", [bytes, chunked], ids=["length", "chunks"])
def test_the_application_gets_the_request_as_without_the_offer(
    encode: Callable[[bytes], bytes],
) -> None:
    request, plain = (
        encode(post(BODY, *headers, path="/a%20b?c=d")) for headers in (HTTP2, HTTP2[:-1])
    )
    expected = exchange(HttpToolsProtocol, 2 * plain + LAST)
    assert expected[0] == [200] * 3
    for cut in range(len(request) + 1):
        packets = request[:cut], request[cut:] + request + LAST
        assert exchange(HttpProtocol, *packets) == expected


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (b"no HTTP\r\n\r\n", [400]),
        (post(BODY, *HTTP2).replace(b"/predict", b"no/path"), [400]),
        (b"CONNECT a:1 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", [400]),
        (b"CONNECT /a HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", [200, 200]),
    ],
    ids=["no HTTP", "no path", "another server", "connect"],
)
def test_what_httptools_refuses_is_refused_as_before(fault: bytes, statuses: list[int]) -> None:
    assert exchange(HttpProtocol, fault, LAST)[0] == statuses
    assert exchange(HttpToolsProtocol, fault, LAST)[0] == statuses


def test_a_caller_that_closes_its_side_still_gets_its_answers(served: Served) -> None:
    flights = json.dumps({"flights": [FLIGHT] * 5_000}).encode()
    for request, expected in (
        (post(flights), [200]),
        (2 * post(BODY) + post(flights), [200] * 3),
        (post(flights)[:-1], []),
        (b"", []),
    ):
        with served.connect(5) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            assert [answer.status for answer in read_answers(sock)] == expected


def test_a_half_closed_connection_is_closed_after_the_answer() -> None:
    assert exchange(HttpProtocol, post(BODY, *HTTP2), half_closed=True)[0] == [200]
    assert exchange(HttpProtocol, post(BODY)[:-1], half_closed=True)[0] == []


def test_a_connection_that_is_reset_is_let_go_of() -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    async def run() -> None:
        protocol = HttpProtocol(Config(application, log_config=None), ServerState(), {})
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(LAST.replace(b"close", b"keep-alive"))
            assert (await reader.read(9999)).startswith(b"HTTP/1.1 200")
            idle = protocol.timeout_keep_alive_task
            assert idle is not None
            writer.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
            async with asyncio.timeout(30):
                while protocol.parser is not None:  # noqa: ASYNC110  # the kernel tells of it
                    await asyncio.sleep(0.001)
        assert idle.cancelled()

    asyncio.run(run())


def exchange(
    protocol: type[HttpToolsProtocol], *packets: bytes, half_closed: bool = False
) -> tuple[list[int], list[Any]]:
    """Send packets on one connection; return the statuses, and what an application received."""
    received: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        fields = ("method", "path", "query_string", "http_version", "headers")
        received.append(([scope[field] for field in fields], await request.body()))
        if request.url.path == "/predict":
            await asyncio.sleep(0.01)
        await Response()(scope, receive, send)

    async def run() -> list[int]:
        config, state = Config(application, log_config=None), ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            for packet in packets:
                writer.write(packet)
                await asyncio.sleep(0.001)
            if half_closed:
                writer.write_eof()
            statuses = [answer.status for answer in parse(await reader.read())]
            writer.close()
            await writer.wait_closed()
        return statuses

    return asyncio.run(run()), received


def test_javas_own_client_is_answered(served: Served, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    source = tmp_path / "Caller.java"
    source.write_text(JAVA)
    command = ["java", str(source), f"http://127.0.0.1:{served.port}/predict", BODY.decode()]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout
    assert printed == ANSWER * 3

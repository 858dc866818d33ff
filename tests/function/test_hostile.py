"""What each hostile request gets, byte by byte over a socket, from the package as it ships."""

import gzip
import json
from typing import Final, NamedTuple

import pytest

from tests.support.at_hand import ANSWER, CATEGORIES, FLIGHT, MONTH
from tests.support.wire import BODY, Answer, Served, parse, post, read_answers

MIB: Final = 1024 * 1024


class Row(NamedTuple):
    """A request, and the status and the beginning of the answer that it gets."""

    request: bytes
    status: int
    answer: str


def body(content: bytes, *headers: str) -> bytes:
    return post(content, *headers, close=True)


def path(target: str) -> bytes:
    return post(BODY, path=target, close=True)


def line(first: str, *headers: str) -> bytes:
    return "\r\n".join([first, "Host: puntual", *headers, "Connection: close", "", ""]).encode()


def length(value: object) -> bytes:
    return body(BODY).replace(
        b"Content-Length: %d" % len(BODY), f"Content-Length: {value}".encode()
    )


def chunked(*chunks: bytes) -> bytes:
    head = body(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


def flight(field: str, value: bytes) -> bytes:
    rest = {name: known for name, known in FLIGHT.items() if name != field}
    return body(
        b'{"flights":[%s,"%s":%s}]}' % (json.dumps(rest).encode()[:-1], field.encode(), value)
    )


FEW: Final = 12  # categories that an error lists
NO_AIRLINE: Final = "Expected one of " + (
    '"' if len(CATEGORIES.OPERA) <= FEW else f"the {len(CATEGORIES.OPERA)} values"
)
NO_MONTH: Final = (
    f"Expected an integer from 1 to {CATEGORIES.MES[-1]}, got a number out of range"
    if [*CATEGORIES.MES] == [*range(1, CATEGORIES.MES[-1] + 1)]
    else f"Expected one of {CATEGORIES.MES[0]}, "
)
NO_PATH: Final = (
    "Expected one of the paths "
    "/, /predict, /explain, /bigquery, /health, /model, /openapi.json, got "
)
NO_JSON: Final = "Expected JSON, got a fault: "
NO_STRING: Final = "Expected a string, got "
NO_INTEGER: Final = "Expected an integer, got "
TOO_LONG: Final = "Expected a body of at most 4194304 bytes, got a longer one"

# What the function itself answers: JSON, with every header of safety.
OURS: Final = {
    "a good one": Row(body(BODY), 200, ANSWER.decode()),
    # Bodies
    "no body": Row(body(b""), 400, NO_JSON + "Input data was truncated"),
    "a million brackets": Row(body(b"[" * MIB), 400, "Expected an object, got an array - at `$`"),
    "a million brackets in a field": Row(flight("OPERA", b"[" * MIB), 400, NO_STRING + "an array"),
    "deep nesting in a field that is ignored": Row(
        body(b'{"x":' + b"[" * MIB), 400, "Expected JSON, got it nested too deeply"
    ),
    "a megabyte of digits": Row(
        flight("MES", b"9" * MIB), 400, "Expected a number of 64 bits, got a number out of"
    ),
    "a megabyte of digits that is ignored": Row(
        body(b'{"x":' + b"9" * MIB + b"," + BODY[1:]), 200, ANSWER.decode()
    ),
    "1e999999": Row(
        flight("MES", b"1e999999"), 400, "Expected a number of 64 bits, got a number out of range"
    ),
    "NaN": Row(flight("MES", b"NaN"), 400, NO_JSON),
    "2 to the 64th": Row(flight("MES", b"18446744073709551616"), 400, NO_MONTH),
    "a whole decimal number": Row(flight("MES", b"3.0"), 400, NO_INTEGER + "a decimal number"),
    "true for a number": Row(flight("MES", b"true"), 400, NO_INTEGER + "a boolean"),
    "a surrogate pair": Row(flight("OPERA", rb'"\ud83d\ude00"'), 400, NO_AIRLINE),
    "half a surrogate pair": Row(flight("OPERA", rb'"\ud83d"'), 400, NO_JSON),
    "the wrong half": Row(flight("OPERA", rb'"\ude00"'), 400, NO_JSON),
    "a surrogate in UTF-8": Row(flight("OPERA", b'"\xed\xa0\x80"'), 400, "Expected UTF-8, got"),
    "an overlong slash": Row(flight("OPERA", b'"\xc0\xaf"'), 400, "Expected UTF-8, got"),
    "a null byte in a string": Row(flight("OPERA", b'"\0"'), 400, NO_JSON),
    "an escaped null byte": Row(flight("OPERA", rb'"\u0000"'), 400, NO_AIRLINE),
    "a script in a string": Row(flight("OPERA", b'"<script>"'), 400, NO_AIRLINE),
    "a megabyte of text": Row(flight("OPERA", b'"%s"' % (b"a" * MIB)), 400, NO_AIRLINE),
    "a key twice: the last wins": Row(body(b'{"flights":0,' + BODY[1:]), 400, "Expected an array"),
    "a key twice in a flight": Row(flight("MES", b'99,"MES":%d' % MONTH), 200, ANSWER.decode()),
    "a byte order mark": Row(body(b"\xef\xbb\xbf" + BODY), 400, NO_JSON),
    "UTF-16": Row(body(BODY.decode().encode("utf-16")), 400, "Expected UTF-8, got the byte 0xff"),
    "two documents": Row(body(BODY + BODY), 400, NO_JSON + "JSON is malformed: trailing"),
    "4 MiB, mostly blanks": Row(body(BODY.rjust(4 * MIB)), 200, ANSWER.decode()),
    "a byte more than 4 MiB": Row(body(BODY.rjust(4 * MIB + 1)), 413, TOO_LONG),
    "10,001 flights": Row(
        body(b'{"flights":[%s]}' % b",".join([json.dumps(FLIGHT).encode()] * 10_001)),
        413,
        "Expected at most 10000 flights, got 10001",
    ),
    # What frames a body
    "gzip": Row(body(gzip.compress(BODY), "Content-Encoding: gzip"), 415, "Expected no content"),
    "gzip, not said so": Row(body(gzip.compress(BODY)), 400, "Expected UTF-8, got the byte"),
    "no coding, said so": Row(body(BODY, "Content-Encoding: identity"), 200, ANSWER.decode()),
    "another content type": Row(
        body(BODY).replace(b"application/json", b"<script>"), 415, "Expected the content type"
    ),
    "no content type": Row(
        body(BODY).replace(b"Content-Type: application/json\r\n", b""), 415, "Expected the content"
    ),
    "no Content-Length": Row(
        body(BODY).replace(b"Content-Length: %d\r\n" % len(BODY), b""), 400, NO_JSON
    ),
    "a Content-Length that is too short": Row(length(len(BODY) - 1), 400, NO_JSON),
    "a Content-Length of 10 GB": Row(length(10**10), 413, TOO_LONG),
    "a chunk for each byte": Row(
        chunked(*(bytes([byte]) for byte in BODY), b""), 200, ANSWER.decode()
    ),
    "chunks without an end": Row(chunked(*[b" " * 65536] * 80), 413, TOO_LONG),
    "HTTP/1.0": Row(post(BODY).replace(b"HTTP/1.1", b"HTTP/1.0"), 200, ANSWER.decode()),
    "no host": Row(body(BODY).replace(b"Host: puntual\r\n", b""), 200, ANSWER.decode()),
    "1,000 headers": Row(body(BODY, *(f"X-{n}: y" for n in range(1000))), 200, ANSWER.decode()),
    "a header of 64 KiB": Row(body(BODY, "X: " + "y" * 65536), 200, ANSWER.decode()),
    "an upgrade": Row(
        line("GET /health HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"),
        200,
        '{"status":"OK"}',
    ),
    # Paths
    "//predict": Row(path("//predict"), 404, NO_PATH + "//predict"),
    "/predict/": Row(path("/predict/"), 404, NO_PATH + "/predict/"),
    "/PREDICT": Row(path("/PREDICT"), 404, NO_PATH + "/PREDICT"),
    "/x/../predict": Row(path("/x/../predict"), 404, NO_PATH + "/x/../predict"),
    "/x/%2e%2e/predict": Row(path("/x/%2e%2e/predict"), 404, NO_PATH + "/x/../predict"),
    "/pr%65dict": Row(path("/pr%65dict"), 200, ANSWER.decode()),
    "/predict%00": Row(path("/predict%00"), 404, NO_PATH + "/predict\0"),
    "/%ff": Row(path("/%ff"), 404, NO_PATH + "/\ufffd"),
    "/%3Cscript%3E": Row(path("/%3Cscript%3E"), 404, NO_PATH + "/<script>"),
    "/../../etc/passwd": Row(path("/../../etc/passwd"), 404, NO_PATH + "/../../etc/passwd"),
    "a path of 60,000 characters": Row(path("/" + "a" * 60_000), 404, NO_PATH + "/aaa"),
    "an absolute URL": Row(path("http://other/predict"), 200, ANSWER.decode()),
    "a flag that is none": Row(path("/predict?probability=<b>"), 400, "Expected true or false"),
    # Methods
    **{
        method: Row(line(f"{method} /predict HTTP/1.1"), 405, "Expected POST for /predict, got")
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS")
    },
    "HTTP/0.9": Row(b"GET /predict\r\n\r\n", 405, "Expected POST for /predict, got GET"),
}

# What the server and the framework refuse before the function hears of it, in words of their own.
THEIRS: Final[dict[str, tuple[bytes, int]]] = {
    **{
        method: (line(f"{method} /predict HTTP/1.1"), 405)
        for method in ("TRACE", "CONNECT", "PROPFIND")
    },
    **{
        method: (line(f"{method} /predict HTTP/1.1"), 400)
        for method in ("post", "Post", "NONSENSE")
    },
    "/robots.txt": (line("GET /robots.txt HTTP/1.1"), 404),
    "/favicon.ico": (line("GET /favicon.ico HTTP/1.1"), 404),
    "*": (path("*"), 404),
    "a new line in the path": (path("/%0d%0aX:1"), 404),
    "a null byte in the path": (path("/predict\0"), 400),
    "a path that is no ASCII": (path("/\xff"), 400),
    "a path of 70,000 characters": (path("/" + "a" * 70_000), 400),
    "a null byte in a header": (body(BODY, "X: a\0b"), 400),
    "a blank in a header's name": (body(BODY, "X y: 1"), 400),
    "a folded header": (body(BODY, "X: a\r\n b"), 400),
    "no Content-Length but a negative one": (length(-1), 400),
    "a Content-Length of 24 digits": (length("9" * 24), 400),
    "two Content-Lengths": (body(BODY, "Content-Length: 5"), 400),
    "a Content-Length and chunks": (body(BODY, "Transfer-Encoding: chunked"), 400),
    "a smuggled Transfer-Encoding": (chunked(b"").replace(b"Encoding: ", b"Encoding : "), 400),
    "a chunk of no length": (chunked() + b"zz\r\n", 400),
    "lines that end in \\n": (body(BODY).replace(b"\r\n", b"\n"), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "null bytes": (bytes(1000), 400),
}


@pytest.mark.parametrize("row", OURS.values(), ids=OURS)
def test_the_function_answers_hostile_requests_in_json(row: Row, served: Served) -> None:
    (answer,) = served.send(row.request)
    assert answer.status == row.status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    _assert_discreet(answer)
    if row.status == 200:
        assert answer.body.decode() == row.answer
    else:
        assert answer.json["error"].startswith(row.answer)
        assert len(answer.body) < 400  # no caller's text comes back at length


@pytest.mark.parametrize(("request_", "status"), THEIRS.values(), ids=THEIRS)
def test_the_server_refuses_in_plain_text_what_is_no_request(
    request_: bytes, status: int, served: Served
) -> None:
    (answer,) = served.send(request_)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.body) < 100
    _assert_discreet(answer)


def _assert_discreet(answer: Answer) -> None:
    assert answer.headers["server"] == "uvicorn"  # a name that the framework sets, no version
    for told in (b"Traceback", b".py", b"site-packages", b"PATH="):
        assert told not in answer.body


def test_head_is_answered_without_a_body(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(line("HEAD /health HTTP/1.1"))
        received = b"".join(iter(lambda: sock.recv(4096), b""))
    (answer,) = parse(received, "HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, "15")
    assert received.endswith(b"\r\n\r\n")


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    health = line("GET /health HTTP/1.1").replace(b"Connection: close\r\n", b"")
    answers = served.send(post(BODY) + health + post(b"{}") + body(BODY))
    assert [answer.status for answer in answers] == [200, 200, 400, 200]
    assert answers[1].json == {"status": "OK"}


def test_a_caller_that_expects_100_continue_is_told_to(served: Served) -> None:
    answers = served.send(body(BODY, "Expect: 100-continue"))
    assert [answer.status for answer in answers] == [100, 200]


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(served: Served) -> None:
    (answer,) = served.send(
        length(10**10).removesuffix(BODY).replace(b"Host", b"Expect: 100-continue\r\nHost")
    )
    assert answer.status == 413


@pytest.mark.slow  # it takes the ten seconds
def test_bodies_that_never_end_are_given_up(served: Served) -> None:
    stalled = [length(len(BODY) + 1), chunked(BODY), chunked(), body(BODY)[:-1]]
    socks = [served.connect() for _ in stalled]
    for sock, request in zip(socks, stalled, strict=True):
        sock.sendall(request)
    assert served.ask().status == 200  # meanwhile
    for sock in socks:
        with sock:
            (answer,) = read_answers(sock)
        assert answer.status == 408
        assert answer.json["error"] == "Expected a whole body within 10 seconds, got a part of it"


def test_a_caller_that_leaves_is_forgotten(served: Served) -> None:
    for request in (body(BODY)[:-1], body(BODY)[:20], chunked(BODY), body(BODY)):
        with served.connect() as sock:
            sock.sendall(request)
    assert served.ask().status == 200

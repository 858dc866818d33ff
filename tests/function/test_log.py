"""Each request leaves one line, which says nothing of its caller."""

import contextlib
import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from function.log import RequestLog
from tests.support.at_hand import ANSWER
from tests.support.paths import ROOT
from tests.support.wire import serve

FLIGHTS = {
    "flights": [
        {"OPERA": "Latin American Wings", "TIPOVUELO": "I", "MES": 10},
        {"OPERA": "Aeromexico", "TIPOVUELO": "I", "MES": 3},
    ]
}
CALLS = [list(flight.values()) for flight in FLIGHTS["flights"]]
TRACE = "0af7651916cd43dd8448eb211c80319c"


def load(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Return a client of a function that is loaded anew, with the environment as it is."""
    monkeypatch.delitem(sys.modules, "main", raising=False)  # it is put back after the test
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def logging(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> TestClient:
    """Return a client of a function that is loaded with the environment that the test names."""
    for name, value in getattr(request, "param", {}).items():
        monkeypatch.setenv(name, value)
    return load(monkeypatch)


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", FLIGHTS),
        ("/predict", FLIGHTS),
        ("/explain", FLIGHTS),
        ("/bigquery", {"calls": [*CALLS, [None, "I", 3]]}),  # a null is no flight
        ("/bigquery", {"calls": CALLS, "userDefinedContext": {"answer": "delay"}}),
    ],
    ids=["/", "/predict", "/explain", "/bigquery", "/bigquery delay"],
)
def test_a_line_counts_flights_and_delays(
    logging: TestClient, capfd: pytest.CaptureFixture[str], path: str, body: object
) -> None:
    answer = logging.post(path, json=body)
    [line] = lines(capfd)
    latency = line.pop("latency_ms")
    assert 0 < latency < 60_000
    assert line == {
        "severity": "INFO",
        "message": f"POST {path} 200 in {latency:.2f} ms: 1 of 2 flights delayed",
        "method": "POST",
        "path": path,
        "status": 200,
        "model_version": answer.headers["X-Model-Version"],
        "flights": 2,
        "delays": 1,
    }


def test_latency_is_in_milliseconds_to_the_microsecond(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = RequestLog("1", {"/health"})
    monkeypatch.setattr("time.perf_counter_ns", lambda: 9_001_234_999)
    log.write({"method": "GET", "path": "/health", "headers": []}, 200, 9_000_000_000, None)
    [line] = lines(capfd)
    assert line["latency_ms"] == 1.234
    assert line["message"] == "GET /health 200 in 1.23 ms"


@pytest.mark.santiago
def test_counts_do_not_leak_into_the_next_request(
    logging: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging:
        logging.post("/predict", json=FLIGHTS)
        logging.get("/health")
        logging.get("/openapi.json")
    assert ["flights" in line for line in lines(capfd)] == [True, False, False]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict?probability=yes", FLIGHTS, 400),
        ("/predict?training=yes", FLIGHTS, 400),
        ("/bigquery", {"calls": [*CALLS, ["Nobody", "I", 3]]}, 400),
        ("/explain", {"flights": FLIGHTS["flights"] * 5001}, 413),
    ],
)
def test_a_request_that_failed_predicted_nothing(
    logging: TestClient, capfd: pytest.CaptureFixture[str], path: str, body: object, status: int
) -> None:
    assert logging.post(path, json=body).status_code == status
    [line] = lines(capfd)
    assert (line["status"], line["severity"]) == (status, "WARNING")
    assert not {"flights", "delays"} & line.keys()
    assert line["message"].endswith(" ms")


def test_neither_body_nor_query_nor_foreign_path_is_logged(
    logging: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.post("/predict?name=SECRET", json={"flights": [{"OPERA": "SECRET"}]})
    logging.get("/SECRET", headers={"X-Forwarded-For": "SECRET", "User-Agent": "SECRET"})
    first, second = lines(capfd)
    assert (first["status"], second["status"], second["path"]) == (400, 404, "?")
    assert "SECRET" not in f"{first}{second}"
    assert first["severity"] == second["severity"] == "WARNING"


@pytest.mark.parametrize(
    ("logging", "name"),
    [
        ({"GOOGLE_CLOUD_PROJECT": "airport"}, f"projects/airport/traces/{TRACE}"),
        ({}, TRACE),
    ],
    indirect=["logging"],
    ids=["in a project", "without a project"],
)
def test_a_line_names_its_trace(
    logging: TestClient, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    logging.get("/health", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    logging.get("/health", headers={"traceparent": "00-junk"})
    first, second = (
        {key: line[key] for key in line if key.startswith("logging.googleapis.com/")}
        for line in lines(capfd)
    )
    assert first == {
        "logging.googleapis.com/trace": name,
        "logging.googleapis.com/spanId": "b7ad6b7169203331",
        "logging.googleapis.com/trace_sampled": True,
    }
    assert second == {}


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("logging", "statuses"),
    [
        ({"PUNTUAL_LOG": "info"}, [200, 404, 500]),
        ({"PUNTUAL_LOG": "warning"}, [404, 500]),
        ({"PUNTUAL_LOG": "error"}, [500]),
        ({"PUNTUAL_LOG": "off"}, []),
    ],
    indirect=["logging"],
    ids=["info", "warning", "error", "off"],
)
def test_one_variable_turns_it_down(
    logging: TestClient,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    statuses: list[int],
) -> None:
    logging.get("/health")
    logging.get("/nowhere")
    monkeypatch.delattr(sys.modules["main"].handlers.model, "_session")
    logging.post("/predict", json=FLIGHTS)
    assert [line["status"] for line in lines(capfd)] == statuses


def test_an_unknown_level_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNTUAL_LOG", "loud")
    with pytest.raises(SystemExit, match="Set it to one of info, warning, error, off"):
        load(monkeypatch)


@pytest.mark.santiago
@pytest.mark.parametrize("service", [None, "puntual"], ids=["here", "cloud-run"])
def test_a_terminal_gets_text_and_cloud_run_never_does(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], service: str | None
) -> None:
    monkeypatch.setattr("os.isatty", lambda _descriptor: True)
    if service:
        monkeypatch.setenv("K_SERVICE", service)
    load(monkeypatch).post("/predict", json=FLIGHTS)
    out = capfd.readouterr().out
    text = r"\d\d:\d\d:\d\d POST /predict 200 in [\d.]+ ms: 1 of 2 flights delayed\n"
    assert re.fullmatch("{.*}\n" if service else text, out)


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """Make standard output a pipe, and return its ends.

    Not a fixture: pytest sets up its own capture of standard output anew before each call.
    """
    reader, writer = os.pipe()
    stdout = os.dup(1)
    os.dup2(writer, 1)
    try:
        yield reader, writer
    finally:
        os.dup2(stdout, 1)
        for descriptor in (reader, writer, stdout):
            with contextlib.suppress(OSError):  # the test closed its end
                os.close(descriptor)


def test_a_full_pipe_gets_no_line(logging: TestClient) -> None:
    with pipe() as (reader, writer):
        os.set_blocking(writer, False)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(writer, b"." * 4096)
        assert logging.get("/health").status_code == 200
        os.set_blocking(reader, False)
        assert os.read(reader, 2 * filled) == b"." * filled


def test_threads_that_log_at_once_are_answered(logging: TestClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = pool.map(lambda _: logging.get("/model").status_code, range(400))
        assert {*statuses} == {200}


def test_a_reader_that_left_gets_no_line(logging: TestClient) -> None:
    with pipe() as (reader, _):
        os.close(reader)
        assert logging.get("/health").status_code == 200


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EPIPE, errno.EBADF, errno.EIO, errno.EAGAIN]
)
def test_a_line_that_cannot_be_written_breaks_no_answer(
    logging: TestClient, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refused = []

    def fail(_descriptor: int, line: bytes) -> int:
        refused.append(line)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.write", fail)
    assert logging.get("/health").status_code == 200
    assert len(refused) == 1


def test_without_a_standard_output_its_descriptor_may_be_a_connection_and_gets_no_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "__stdout__", None)
    assert load(monkeypatch).get("/health").status_code == 200
    assert lines(capfd) == []


@pytest.mark.parametrize("output", [">/dev/full", ">&-", "| true"])
def test_a_server_whose_output_is_broken_answers_all_the_same(output: str) -> None:
    prefix = ["sh", "-c", f'"$@" {output}', "sh"]
    with serve(prefix=prefix) as served:
        answers = [served.ask() for _ in range(20)]
        assert served.output() == ""
    assert {(answer.status, answer.body) for answer in answers} == {(200, ANSWER)}


def test_a_reader_that_stalls_costs_lines_but_no_answer() -> None:
    asked = 500  # lines of some 170 bytes, into a pipe of 64 KiB
    with serve(stdout=subprocess.PIPE) as served:
        with httpx2.Client(base_url=served.url) as client:
            assert {client.get("/health").status_code for _ in range(asked)} == {200}
        served.process.terminate()
        out, _ = served.process.communicate(timeout=10)
        assert served.output() == ""
    logged = [json.loads(line)["path"] for line in out.splitlines()]
    assert 100 < logged.count("/health") < asked
    assert set(logged) == {"/health", "/predict"}  # the latter when it was waited for
    assert served.process.returncode == 0

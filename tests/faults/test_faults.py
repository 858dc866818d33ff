"""Signals, broken models and poor machines: it answers as ever, or does not start and says why."""

import hashlib
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import onnx
import pytest

from function.errors import ModelError
from function.metadata import Categories
from function.model import Model
from tests.support import machines
from tests.support.at_hand import ANSWER
from tests.support.commands import run, succeed
from tests.support.servers import PACKAGE, command
from tests.support.wire import BODY, Answer, Served, post, read_answers, serve

ARTIFACTS = PACKAGE.parents[1] / "artifacts"


# Signals


def test_sigterm_answers_what_was_accepted_and_refuses_the_rest() -> None:
    outcomes: list[list[Answer] | None] = []

    def call() -> None:
        try:
            while True:
                outcomes.append(served.send(post(BODY, close=True)))
        except (ConnectionRefusedError, ConnectionResetError):  # reset in the midst of connecting
            outcomes.append(None)

    with serve() as served:
        half_sent = served.connect()
        half_sent.sendall(post(BODY)[:-1])
        callers = [threading.Thread(target=call) for _ in range(20)]
        for caller in callers:
            caller.start()
        time.sleep(0.5)
        served.process.terminate()
        time.sleep(0.3)
        half_sent.sendall(post(BODY)[-1:])
        with half_sent:
            assert [answer.body for answer in read_answers(half_sent)] == [ANSWER]
        for caller in callers:
            caller.join(30)
        assert served.process.wait(10) == 0  # what Cloud Run grants
        assert served.output() == ""
    # [] is a connection that the kernel had taken and the function had not: closed, no answer.
    answered = [answer for answers in outcomes if answers for answer in answers]
    assert len(answered) > 20
    assert {answer.status for answer in answered} == {200}
    assert {answer.body for answer in answered} == {b'{"predict":[0]}'}
    assert outcomes.count(None) == len(callers)


def test_sigkill_and_a_new_start_answer_as_before() -> None:
    with serve() as served:
        before = served.ask()
        os.killpg(served.process.pid, signal.SIGKILL)
        assert served.process.wait(5) == -signal.SIGKILL
    with serve(port=served.port) as again:
        assert again.ask().body == before.body


def test_a_worker_that_is_killed_is_replaced() -> None:
    with serve() as served:
        master, worker = served.processes()
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while worker in served.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert served.ask().status == 200
        assert served.process.poll() is None
        assert served.processes() != [master, worker]


# The model's file


def _vouch(model: Path) -> None:
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    model.with_name("model.onnx.sha256").write_text(f"{digest}  model.onnx\n")


def _turn_bit(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def _missing(model: Path) -> None:
    model.unlink()


def _without_digest(model: Path) -> None:
    model.with_name("model.onnx.sha256").unlink()


def _empty(model: Path) -> None:
    model.write_bytes(b"")


def _cut(model: Path) -> None:
    model.write_bytes(model.read_bytes()[:-1])


def _turned(model: Path) -> None:
    model.write_bytes(_turn_bit(model.read_bytes(), 30_000, 3))


def _swapped(model: Path) -> None:
    model.write_bytes((ARTIFACTS / "pipeline.onnx").read_bytes())


def _swapped_and_vouched(model: Path) -> None:
    _swapped(model)
    _vouch(model)


def _empty_and_vouched(model: Path) -> None:
    _empty(model)
    _vouch(model)


def _of_another_version(model: Path) -> None:
    graph = onnx.load(model)
    (version,) = (entry for entry in graph.metadata_props if entry.key == "format_version")
    version.value = "1"
    model.write_bytes(graph.SerializeToString())
    _vouch(model)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_missing, "model.onnx: No such file or directory"),
        (_without_digest, "model.onnx.sha256: No such file or directory"),
        (_empty, "model.onnx: its SHA-256 is not the one in model.onnx.sha256"),
        (_cut, "model.onnx: its SHA-256 is not the one in model.onnx.sha256"),
        (_turned, "model.onnx: its SHA-256 is not the one in model.onnx.sha256"),
        (_swapped, "model.onnx: its SHA-256 is not the one in model.onnx.sha256"),
        (_swapped_and_vouched, "model.onnx: its graph has [('OPERA', 'tensor(string)'"),
        (_empty_and_vouched, "model.onnx: it is no ONNX model"),
        (_of_another_version, "model.onnx: its format version is 1, expected 3"),
    ],
)
def test_a_damaged_model_is_not_served_and_the_reason_is_one_line(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    package = tmp_path / "function"
    shutil.copytree(PACKAGE, package)
    damage(package / "model.onnx")
    environment = {"PATH": os.environ["PATH"], "FUNCTION_USE_ASGI": "1"}
    ended = run(*command(package, 1), environment=environment)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Cannot load ")
    assert f"{os.sep}{reason}" in line
    assert line.endswith(". Run `make train` and package it again.")


def test_no_bit_of_the_model_can_turn_unseen(tmp_path: Path) -> None:
    content = (PACKAGE / "model.onnx").read_bytes()
    model = tmp_path / "model.onnx"
    shutil.copy(PACKAGE / "model.onnx.sha256", tmp_path)
    header = range(content.index(b"puntual") + 100)
    places = [
        *product(header, range(8)),
        *((place, place % 8) for place in range(0, len(content), 97)),
    ]
    assert len(places) > 1000
    for place, bit in places:
        model.write_bytes(_turn_bit(content, place, bit))
        with pytest.raises(ModelError, match="its SHA-256 is not the one in"):
            Model.verified(model)
    model.write_bytes(content)
    assert Model.verified(model).metadata == Model(PACKAGE / "model.onnx").metadata


@pytest.mark.parametrize(
    "digest", [b"", b"\xff\n", b"0" * 64, b"0" * 64 + b"  model.onnx\n"], ids=repr
)
def test_a_digest_that_does_not_fit_vouches_for_nothing(tmp_path: Path, digest: bytes) -> None:
    shutil.copy(PACKAGE / "model.onnx", tmp_path)
    (tmp_path / "model.onnx.sha256").write_bytes(digest)
    with pytest.raises(ModelError, match="its SHA-256 is not the one in"):
        Model.verified(tmp_path / "model.onnx")


# Poor machines


def _every_flight(categories: Categories) -> bytes:
    known = [categories.OPERA, categories.TIPOVUELO, categories.MES]
    flights = [
        dict(zip(("OPERA", "TIPOVUELO", "MES"), each, strict=True)) for each in product(*known)
    ]
    return json.dumps({"flights": flights}).encode()


@pytest.fixture(scope="module")
def expected() -> tuple[bytes, bytes]:
    """Return a request for all flights, and what it gets here."""
    categories = Model(PACKAGE / "model.onnx").metadata.categories
    request = post(_every_flight(categories), path="/predict?probability=true", close=True)
    with serve() as served:
        (answer,) = served.send(request)
    assert answer.status == 200
    assert len(answer.json["predict"]) == 552
    return request, answer.body


@pytest.mark.parametrize(
    "machine",
    [machines.one_cpu, machines.read_only, machines.unprivileged],
)
def test_a_poor_machine_answers_the_same(
    machine: Callable[[], list[str]], expected: tuple[bytes, bytes]
) -> None:
    with serve(prefix=machine()) as served:
        _assert_answers(served, expected)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "tr_TR.ISO-8859-9", "LANG": "tr_TR"},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "nowhere"},
        {"HOME": "/nowhere"},
        {"PYTHONHASHSEED": "1", "PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1"},
    ],
    ids=str,
)
def test_another_environment_answers_the_same(
    environment: dict[str, str], expected: tuple[bytes, bytes]
) -> None:
    with serve(environment=environment) as served:
        _assert_answers(served, expected)


def test_128_mib_of_memory_answer_the_same(expected: tuple[bytes, bytes]) -> None:
    with machines.memory(128 * 1024 * 1024) as prefix, serve(prefix=prefix) as served:
        _assert_answers(served, expected)


def test_without_a_network_it_answers_the_same(expected: tuple[bytes, bytes]) -> None:
    def alone() -> None:
        assert len(socket.if_nameindex()) == 1
        with serve() as served:
            _assert_answers(served, expected)

    machines.without_network(alone)


@pytest.mark.parametrize(
    ("machine", "command", "printed"),
    [
        (machines.one_cpu, "nproc", "1\n"),
        (machines.read_only, f"touch {PACKAGE}/x 2>/dev/null; echo $?", "1\n"),
        (machines.unprivileged, "id -u; touch /x 2>/dev/null; echo $?", "65534\n1\n"),
    ],
)
def test_the_poor_machines_are_poor(
    machine: Callable[[], list[str]], command: str, printed: str
) -> None:
    assert succeed(*machine(), "sh", "-c", command).stdout == printed


def _assert_answers(served: Served, expected: tuple[bytes, bytes]) -> None:
    request, body = expected
    (answer,) = served.send(request)
    assert answer.body == body
    assert served.stop() == 0
    assert served.output() == ""

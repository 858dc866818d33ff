"""The servers that are measured, each in its own environment."""

import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT
from tests.support.servers import free_port, launch

from .load import Void
from .question import Question
from .results import OURS

BUILD: Final = ROOT / ".build"
RUNTIME: Final = BUILD / "runtime"
RIVALS: Final = Path(__file__).parent / "rivals"
PATIENCE: Final = 60  # seconds until a server that does not answer is given up
BREATH: Final = 0.001  # seconds between two looks at a port

HOME: Final = {"HOME": os.environ.get("HOME", "/")}
ASGI: Final = (("FUNCTION_USE_ASGI", "1"),)
NO_LOG: Final = "--no-access-log"  # of uvicorn
JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Contender:
    """A server: how it is started, and what it can be asked."""

    name: str
    title: str
    environment: Path
    command: tuple[str | Path, ...]  # the program and its arguments but for the port
    sources: Path
    variables: tuple[tuple[str, str], ...] = ()
    answers: bool = True  # other than "hello world"

    @contextmanager
    def serving(self) -> Iterator["Server"]:
        """Start it on a free port of 127.0.0.1, and stop it at the end."""
        port = free_port()
        program, *arguments = self.command
        started = [self.environment / "bin" / program, *arguments, str(port)]
        with launch(
            started, folder=self.sources, environment=HOME | dict(self.variables)
        ) as process:
            yield Server(process, port)

    def size(self) -> int:
        """Return the bytes that it installs: its packages but for pip, and its own files."""
        packages = next(self.environment.glob("lib/python*/site-packages"))
        return _bytes_in(packages) - _bytes_in(packages / "pip") + _bytes_in(self.sources)


@dataclass(frozen=True)
class Server:
    """A contender that runs."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(self, question: Question) -> None:
        """Wait for the first answer on `/predict`; raise `Void` where it is not the right one."""
        connection = self._connect()
        connection.request("POST", "/predict", question.body, JSON)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200 or body != question.answer:
            raise Void(f"{question.body[:80]!r} was answered {response.status} {body[:80]!r}")

    def memory(self) -> int:
        """Return the bytes of proportional memory (PSS) of the server and its children."""
        return sum(map(_pss, _family(self.process.pid)))

    def cpu(self) -> float:
        """Return the seconds of CPU time that the server and its children have used."""
        return sum(map(_cpu, _family(self.process.pid)))

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection.connect()
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Void("the server did not come up") from None
                time.sleep(BREATH)
            else:
                return connection


def contenders() -> dict[str, Contender]:
    """Return who is measured, by name. None writes a log of its requests."""
    uvicorn = ("uvicorn", "main:app", NO_LOG, "--port")
    served = ("--target", "predict", "--source", "main.py", "--host", "127.0.0.1", "--port")
    framework = ("functions-framework", *served)
    rows = [
        ("reference", "FastAPI, pandas, XGBoost", uvicorn, (), True),
        ("fastapi_onnx", "FastAPI, ONNX Runtime", uvicorn, (), True),
        ("hello", "floor: hello world", framework, ASGI, False),
        ("hello_onnx", "floor: hello world, ONNX Runtime", framework, ASGI, False),
        ("bare", "floor: bare function", framework, ASGI, True),
        ("floor", "floor: bare uvloop", ("python", "main.py"), (), True),
    ]
    package = BUILD / "function"
    found = {
        name: Contender(name, title, _environment(name), command, RIVALS / name, vars_, answers)
        for name, title, command, vars_, answers in rows
    }
    variables = (*ASGI, ("PUNTUAL_LOG", "off"))
    found[OURS] = Contender(OURS, "Puntual", RUNTIME, framework, package, variables)
    return found


def logging_contenders() -> dict[str, Contender]:
    """Return those that write a log of their requests by default, with that log."""
    found = contenders()
    ours, rival = found[OURS], found["fastapi_onnx"]
    command = tuple(part for part in rival.command if part != NO_LOG)
    return {rival.name: replace(rival, command=command), OURS: replace(ours, variables=ASGI)}


def _environment(rival: str) -> Path:
    """Return the environment of a rival: its own where it has a lock, else Puntual's."""
    locked = (RIVALS / rival / "requirements.txt").exists()
    return BUILD / "bench" / rival if locked else RUNTIME


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _cpu(pid: int) -> float:
    # The fields behind the name, which may hold blanks: user and system time are the 14th and 15th.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

"""The scripts that set the project up, and the one that serves it."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from tests.support.commands import Ended, run, succeed
from tests.support.paths import ROOT
from tests.support.servers import RUNTIME, free_port, launch

SETUP = ROOT / ".setup"
TOOLS = "/usr/bin:/bin"


def python_of(folder: Path, name: str, version: tuple[int, int]) -> Path:
    """Put a stand-in into a folder: this Python, which says that it is another version."""
    path = folder / name
    folder.mkdir(exist_ok=True)
    path.write_text(
        "#!/bin/sh\n"
        f'[ "$1" != --version ] || {{ echo "Python {version[0]}.{version[1]}.0"; exit; }}\n'
        f'exec "{sys.executable}" -c "import sys; sys.version_info = {version}\n'
        f"sys.executable = '{path}'\n"
        'exec(sys.argv[1])" "$2"\n'
    )
    path.chmod(0o755)
    return path


def chosen(environment: Mapping[str, str]) -> Ended:
    return run("sh", SETUP / "python", environment={"PATH": TOOLS} | dict(environment))


@pytest.mark.parametrize("version", [(3, 11), (3, 15)], ids=["too-old", "too-new"])
def test_a_python_that_will_not_do_is_told_which_will(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    given = python_of(tmp_path / "á b", "python", version)
    ended = chosen({"PYTHON": str(given)})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Cannot set up: {given} is Python {version[0]}.{version[1]}.0. "
        "Set PYTHON to Python 3.12, 3.13 or 3.14.\n"
    )


def test_the_first_python_that_will_do_is_taken(tmp_path: Path) -> None:
    python_of(tmp_path, "python3.13", (3, 11))  # it is not what its name says
    python_of(tmp_path, "python3", (3, 13))
    good = python_of(tmp_path, "python3.12", (3, 12))
    ended = chosen({"PATH": f"{tmp_path}:{TOOLS}"})
    assert (ended.stdout, ended.stderr) == (f"{good}\n", "")


def test_without_any_python_that_will_do_one_line_says_so(tmp_path: Path) -> None:
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        python_of(tmp_path, name, (3, 15))
    ended = chosen({"PATH": f"{tmp_path}:{TOOLS}"})
    assert ended.returncode == 1
    assert ended.stderr == (
        "Cannot set up: no Python 3.12, 3.13 or 3.14 is on the PATH. Install one, or set PYTHON.\n"
    )


def test_make_stops_at_a_wrong_python_before_anything_is_made(tmp_path: Path) -> None:
    old = python_of(tmp_path, "python", (3, 11))
    environment = os.environ | {"MAKEFLAGS": ""}
    make = ("make", "--silent", f"PYTHON={old}", ".build/wrong/ready")
    ended = run(*make, environment=environment)
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"Cannot set up: {old} is Python 3.11.0. ")
    assert not (ROOT / ".build" / "wrong").exists()


@pytest.mark.parametrize("target", ["train", "test", "deploy"])
def test_make_refuses_a_variable_that_nothing_reads(target: str) -> None:
    environment = os.environ | {"MAKEFLAGS": ""}
    ended = run("make", "--dry-run", target, "UNKNOWN=empty", environment=environment)
    assert ended.returncode == 2
    assert "Unknown variable: UNKNOWN. `make help` lists those that there are." in ended.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate"], "Say which flights: DATA=..."),
        (["score"], "Say which flights: DATA=..."),
        (["score", "DATA=flights.csv"], "Say where to write: OUT=..."),
    ],
)
def test_make_asks_for_what_a_target_needs(words: list[str], message: str) -> None:
    ended = run("make", *words, "PROJECT=x")
    assert ended.returncode == 2
    assert message in ended.stderr


def test_make_takes_the_variables_that_it_lists() -> None:
    variables = re.findall(r"^  ([A-Z_]+) ", succeed("make", "help").stdout, re.MULTILINE)
    assert {"DATA", "PLACE", "PERIOD", "ARGS", "OUT", "TESTS", "QUICK"} < {*variables}
    succeed("make", "help", *(f"{name}=1" for name in variables))


def served(port: int) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    """Run `make serve`'s script, without a HOME that can be written."""
    command = [str(RUNTIME / "python"), str(SETUP / "serve.py"), "127.0.0.1", str(port)]
    environment = {"PATH": TOOLS, "HOME": "/nowhere"}
    return launch(command, environment=environment, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "ctrl-c"])
def test_serving_says_where_once_it_answers_and_ends_clean(number: signal.Signals) -> None:
    port = free_port()
    with served(port) as process:
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        assert told == (
            f"Answering at http://127.0.0.1:{port}/predict. "
            f"Open http://127.0.0.1:{port}/ for the page. Ctrl-C stops.\n"
        )
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request("GET", "/")
            assert b"<html" in connection.getresponse().read()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_a_port_that_is_taken_is_said_at_once() -> None:
    port = free_port()
    with served(port) as first:
        assert first.stderr is not None
        first.stderr.readline()
        with served(port) as second:
            assert second.wait(30) == 1
            assert second.stderr is not None
            assert re.fullmatch(
                rf"Cannot serve at 127\.0\.0\.1:{port}: Address already in use\. "
                r"Set PORT to a free one, or HOST\.\n",
                second.stderr.read().decode(),
            )

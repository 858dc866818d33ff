"""The package answers far from the repository, in an environment of its own lock alone."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from function.flights import Flight
from tests.support.at_hand import ANSWER, FLIGHT, MODEL, TIMED
from tests.support.commands import run, succeed
from tests.support.paths import ROOT
from tests.support.servers import PACKAGE, RUNTIME, command
from tests.support.wire import post, serve

HEAVY = ["pandas", "scipy", "sklearn", "xgboost", "onnx", "onnxmltools", "skl2onnx"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package, away from the repository."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "function"))


def loaded(package: Path, then: str) -> str:
    """Load the package as the framework does, and return what a line of Python then prints."""
    lines = [
        "import sys",
        "from functions_framework.aio import create_asgi_app",
        "create_asgi_app('predict', sys.argv[1])",
        then,
    ]
    command = [str(RUNTIME / "python"), "-c", "\n".join(lines), str(package / "main.py")]
    # An environment of its own: the tests' has what the function sets when it is imported.
    return succeed(*command, folder=package, environment={}).stdout


def test_the_package_holds_the_sources_the_lock_the_page_and_the_model() -> None:
    shipped = {path.name: path.read_bytes() for path in PACKAGE.glob("[!.]*.*")}
    files = (ROOT / "function").glob("*.*")
    sources = {path.name: path.read_bytes() for path in files if path.suffix != ".md"}
    assert {"main.py", "requirements.txt", "model.onnx"} < shipped.keys()
    assert shipped == sources


def test_it_answers_as_trained_and_ends_clean_at_sigterm(package: Path) -> None:
    flights = [FLIGHT, TIMED]
    cells = MODEL.encoder.cells([msgspec.convert(flight, Flight) for flight in flights])
    with serve(package) as served:
        body = json.dumps({"flights": flights}).encode()
        (answer,) = served.send(post(body, close=True))
        assert answer.json == {"predict": MODEL.predict(cells).delay.tolist()}
        assert served.stop() == 0
        assert served.output() == ""


def test_the_decorator_alone_makes_it_asgi(package: Path) -> None:
    with serve(package, environment={"FUNCTION_USE_ASGI": ""}) as served:
        assert served.ask().body == ANSWER
        assert served.stop() == 0


def test_nothing_of_training_is_imported(package: Path) -> None:
    imported = {name.partition(".")[0] for name in loaded(package, "print(*sys.modules)").split()}
    assert {"main", "numpy", "onnxruntime", "starlette"} <= imported
    assert not imported & {*HEAVY, "training", "function"}


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_of_training_is_installed(name: str) -> None:
    ended = run(RUNTIME / "python", "-c", f"import {name}")
    assert f"No module named '{name}'" in ended.stderr


def test_a_broken_model_stops_the_start_with_one_line(package: Path) -> None:
    (package / "model.onnx").write_bytes((package / "model.onnx").read_bytes()[:1000])
    ended = run(*command(package, 0))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Cannot load {package / 'model.onnx'}: ")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_garbage_is_collected_again_once_it_has_started(package: Path) -> None:
    printed = loaded(package, "import gc; print(gc.isenabled(), gc.get_freeze_count() > 0)")
    assert printed == "True True\n"


def test_it_starts_no_thread_that_a_fork_would_lose(package: Path) -> None:
    threads = loaded(package, "import os; print(len(os.listdir('/proc/self/task')))")
    assert threads == "1\n"

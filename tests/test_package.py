"""The package answers far from the repository, in an environment of its own lock alone."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import PACKAGE, ROOT, RUNTIME, Served

HEAVY = ["pandas", "scipy", "sklearn", "xgboost", "onnx", "onnxmltools", "skl2onnx"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a copy of the package, away from the repository."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "function"))


@pytest.fixture
def served(package: Path) -> Iterator[Served]:
    """Return the package while it is served."""
    with Served(package) as served:
        yield served


def test_the_package_holds_the_sources_the_lock_and_the_model() -> None:
    shipped = {path.name: path.read_bytes() for path in (PACKAGE).iterdir()}
    sources = {path.name: path.read_bytes() for path in (ROOT / "function").glob("*.py")}
    assert shipped == sources | {
        "requirements.txt": (ROOT / "function" / "requirements.txt").read_bytes(),
        "model.onnx": (ROOT / "artifacts" / "model.onnx").read_bytes(),
    }


def test_it_answers_as_trained_and_ends_clean_at_sigterm(served: Served) -> None:
    flights = [
        {"OPERA": "Aerolineas Argentinas", "TIPOVUELO": "N", "MES": 3},
        {"OPERA": "Grupo LATAM", "TIPOVUELO": "I", "MES": 7},
    ]
    assert served.get("/predict", {"flights": flights}) == {"predict": [0, 1]}
    assert served.get("/health") == {"status": "OK"}
    code, _, err = served.end()
    assert (code, err) == (0, "")


def test_the_decorator_alone_makes_it_asgi(package: Path) -> None:
    with Served(package, asgi="") as served:
        assert served.get("/health") == {"status": "OK"}
        assert served.end()[0] == 0


def test_nothing_of_training_is_imported(package: Path) -> None:
    script = """
import sys
from functions_framework.aio import create_asgi_app
create_asgi_app("predict", sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    command = [str(RUNTIME), "-c", script, str(package / "main.py")]
    printed = subprocess.run(command, cwd=package, check=True, capture_output=True, text=True)
    imported = set(printed.stdout.split())
    assert {"main", "numpy", "onnxruntime", "starlette"} <= imported
    assert not imported & {*HEAVY, "training", "function"}


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_of_training_is_installed(name: str) -> None:
    command = [str(RUNTIME), "-c", f"import {name}"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert f"No module named '{name}'" in ended.stderr


def test_a_broken_model_stops_the_start_with_one_line(package: Path) -> None:
    (package / "model.onnx").write_bytes((package / "model.onnx").read_bytes()[:1000])
    served = Served(package)
    out, err = served.process.communicate(timeout=30)
    assert served.process.returncode == 1
    assert err.startswith(f"Cannot load {package / 'model.onnx'}: ")
    assert err.count("\n") == 1
    assert out == ""

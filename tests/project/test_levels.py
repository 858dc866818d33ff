"""The levels of tests keep what they promise."""

import signal
import sys
from pathlib import Path

import pytest

from tests.support.commands import Ended, run

SKIPPING = """
import pytest

def test_a_tool_is_missing() -> None:
    pytest.skip("there is no such tool")
"""
SKIPPING_WHOLE = """
import pytest

pytest.skip("there is no such system", allow_module_level=True)
"""


def run_pytest(path: Path, *options: str) -> Ended:
    plugin = ["-p", "tests.support.levels", "-p", "no:cacheprovider", f"--rootdir={path.parent}"]
    return run(sys.executable, "-m", "pytest", "-q", "-ra", *plugin, *options, path)


@pytest.mark.slow
@pytest.mark.parametrize("text", [SKIPPING, SKIPPING_WHOLE], ids=["test", "module"])
@pytest.mark.parametrize(
    ("options", "code"), [((), 0), (("--no-skips",), 1)], ids=["may-skip", "may-not"]
)
def test_a_skip_fails_only_where_none_is_allowed(
    tmp_path: Path, text: str, options: tuple[str, ...], code: int
) -> None:
    (tmp_path / "test_one.py").write_text(text)
    ended = run_pytest(tmp_path / "test_one.py", *options)
    assert (ended.returncode in (1, 2)) == bool(code), ended.stdout
    assert "there is no such" in ended.stdout


@pytest.mark.slow
def test_browser_tests_skip_beside_others_and_run_alone(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text("""
import pytest

@pytest.mark.browser
def test_a_page() -> None: ...

def test_another() -> None: ...
""")
    assert "1 passed, 1 skipped" in run_pytest(path).stdout
    assert "1 passed, 1 deselected" in run_pytest(path, "-m", "browser").stdout


def test_an_ignored_interrupt_reaches_the_commands_of_tests() -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_nothing_is_printed_after_the_result(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text("import gc, duckdb\n\ndef test_freeze() -> None:\n    gc.freeze()\n")
    ended = run_pytest(path)
    assert ended.stderr == ""
    assert ended.stdout.splitlines()[-1].startswith("1 passed")

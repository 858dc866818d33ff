"""A help text is quick to come, as nothing heavy is imported for it."""

import sys

import pytest

from tests.support.commands import succeed
from training.__main__ import app

HEAVY = {
    *("duckdb", "ibis", "matplotlib", "onnxruntime", "pandas", "pygments", "sklearn", "xgboost")
}
COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]

SCRIPT = """
import sys
from training.__main__ import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command: str) -> None:
    ended = succeed(sys.executable, "-c", SCRIPT, *filter(None, [command]), "--help")
    imported = set(ended.stderr.split())
    assert "Usage:" in ended.stdout
    assert "..." not in ended.stdout.replace("[ARGS]...", "")  # a summary is not cut short
    assert "typer" in imported
    assert not imported & HEAVY

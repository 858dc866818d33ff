"""What the README says is so."""

import json
import re
import shlex
import subprocess

import pytest
from starlette.testclient import TestClient

from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines() if line.strip()
]
MAKES = sorted({line for line in COMMANDS if line.startswith("make")})
CURLS = [
    (line, COMMANDS[place + 1]) for place, line in enumerate(COMMANDS) if line.startswith("curl")
]


def test_the_readme_shows_commands_and_answers() -> None:
    assert MAKES
    assert CURLS


@pytest.mark.parametrize("line", MAKES)
def test_every_make_target_it_names_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    ended = subprocess.run(
        ["make", "--dry-run", *words[1:]], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(("line", "shown"), CURLS)
def test_every_answer_it_shows_is_the_real_one(client: TestClient, line: str, shown: str) -> None:
    words = shlex.split(line)
    url = next(word for word in words if word.startswith("localhost:8080"))
    header = dict([words[words.index("-H") + 1].split(": ")]) if "-H" in words else {}
    body = words[words.index("-d") + 1] if "-d" in words else None
    method = "GET" if body is None else "POST"
    path = url.removeprefix("localhost:8080")
    answer = client.request(method, path, content=body, headers=header)
    assert answer.text == shown.removeprefix("# ").strip() or answer.json() == json.loads(shown)


def test_every_file_of_its_tree_exists() -> None:
    tree = re.search(r"^```text\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert tree is not None
    folder = ROOT
    for line in tree[1].splitlines():
        name = line.split()[0]
        indent = len(line) - len(line.lstrip())
        path = (folder if indent else ROOT) / name
        assert path.exists(), path
        if not indent:
            folder = path


def test_the_quality_it_shows_is_that_of_the_artifacts() -> None:
    metrics = json.loads((ROOT / "artifacts" / "metrics.json").read_text())
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (\S+) \|$", README, re.MULTILINE)
    assert {name for name, *_ in rows} >= {"roc_auc", "f1_delay", "brier", "ece"}
    for name, ours, published in rows:
        assert ours == f"{metrics['validation'][name]:.4f}", name
        assert published == f"{metrics['challenge'][name]:.4f}", name

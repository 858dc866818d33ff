"""What the documents say is so."""

import json
import re
import shlex
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.support.commands import succeed
from tests.support.paths import ROOT
from training.__main__ import app
from training.fitting.folds import WAYS

README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    path
    for pattern in ("*.md", "*/README.md", ".cloud/README.md", "tests/*/README.md")
    for path in sorted(ROOT.glob(pattern))
]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS)
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
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
    succeed("make", "--dry-run", *words[1:])


@pytest.mark.santiago
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


@pytest.mark.santiago
def test_the_quality_it_shows_is_that_of_the_artifacts() -> None:
    metrics = json.loads((ROOT / "artifacts" / "metrics.json").read_text())
    sources = [metrics[kind][way] for way in WAYS[::-1] for kind in ("unseen", "tables")]
    sources.append(metrics["challenge"])
    table = re.search(r"^\| \| (`roc_auc`.*) \|\n\|[-|]+\n((?:\| .*\n)+)", README, re.MULTILINE)
    assert table is not None
    names = re.findall(r"`(\w+)`", table[1])
    rows = [re.findall(r"(?<=\| )0\.\d+(?= )", row) for row in table[2].splitlines()]
    assert rows == [[f"{source[name]:.4f}" for name in names] for source in sources]
    flights = metrics["unseen"]["untimed"]["flights"]
    assert f"{flights:,.0f} flights, each answered by a model" in README


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_command_is_described() -> None:
    described = re.findall(
        r"^\| `(\w+)` \| ", (ROOT / "training" / "README.md").read_text(), re.MULTILINE
    )
    commands = [command.callback for command in app.registered_commands]
    assert sorted(described) == sorted(command.__name__ for command in commands if command)

"""The steps of cloudbuild.yaml, run in their order here, with a stand-in for `gcloud`."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.cloud.build import Build, load, substitute
from tests.cloud.sdk import GCLOUD, faults
from tests.support.paths import ROOT

STANDS_IN = f"""#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -m tests.cloud.gcloud "$@"
"""
MISSING = "#!/bin/sh\necho 'gcloud is not in this image' >&2\nexit 127\n"


class Outcome(NamedTuple):
    """How a build ended: the step that failed, if one did, and all that was printed."""

    failed: str | None
    printed: str


class Rehearsal:
    """A clone of the project, and a Google Cloud that is remembered in a file beside it.

    The environments that `make install` and `make serve` set up are those of this checkout.
    """

    def __init__(self, folder: Path, verdicts: Path) -> None:
        self.folder, self.verdicts = folder, verdicts
        self.clone, self.cloud = folder / "clone", folder / "cloud"

    @classmethod
    def anew(cls, folder: Path) -> Self:
        """Clone what git has or would take of this checkout; nothing is deployed."""
        rehearsal = cls(folder, folder / "verdicts")
        (rehearsal.clone / ".build").mkdir(parents=True)
        for path in (rehearsal.cloud, rehearsal.verdicts):
            path.mkdir()
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            copy = rehearsal.clone / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy, follow_symlinks=False)
        git = ["git", "-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@localhost"]
        for command in ("init --quiet", "add .", "commit --quiet --message All"):
            subprocess.run([*git, *command.split()], cwd=rehearsal.clone, check=True)
        for environment in (".venv", ".build/runtime"):
            (rehearsal.clone / environment).symlink_to(ROOT / environment)
        rehearsal._remember({"lines": [], "things": {}, "services": {}, "processes": []})
        # Judged together, the many lines of bootstrap cost one start of the linter.
        printed = rehearsal.make("bootstrap", "REPO=someone/puntual", "DRY_RUN=1").printed
        lines = [line for line in printed.splitlines() if line.startswith("gcloud ")]
        faults(lines, rehearsal.verdicts)
        return rehearsal

    def branch(self, folder: Path) -> "Rehearsal":
        """Go on from here elsewhere: the revisions that are served now are served there too."""
        other = Rehearsal(folder, self.verdicts)
        shutil.copytree(self.clone, other.clone, symlinks=True)
        shutil.copytree(self.cloud, other.cloud)
        other._remember(self.state | {"lines": [], "processes": []})
        return other

    def build(self, commit: str, *, since: str | None = None, **values: str) -> Outcome:
        """Run the steps in their order until one fails, as a build of main does.

        With `since` the steps before it are taken as passed: their results are in the clone.
        """
        build = load(self.clone / "cloudbuild.yaml")
        shutil.rmtree(self.clone / ".build/release", ignore_errors=True)
        known = {"PROJECT_ID": "rehearsal", "SHORT_SHA": commit, "_DEPLOY": "true"}
        variables = build.substitutions | known | values
        printed = ""
        for step in _since(build, since):
            pairs = [substitute(pair, variables) for pair in (*build.options.env, *step.env)]
            command = [step.entrypoint, *(substitute(word, variables) for word in step.args)]
            ended = self._run(command, dict(pair.split("=", 1) for pair in pairs), step.name)
            printed += f"--- {step.id}\n{ended.stdout}"
            if ended.returncode:
                return Outcome(step.id, printed)
        return Outcome(None, printed)

    def make(self, *words: str) -> Outcome:
        """Run a make target by hand."""
        ended = self._run(["make", *words, "PROJECT=rehearsal"], {}, "gcloud on this machine")
        return Outcome(words[0] if ended.returncode else None, ended.stdout)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the clone."""
        path = self.clone / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{old!r} does not stand in {name}")
        path.write_text(text.replace(old, new))

    @property
    def state(self) -> dict[str, Any]:
        """What is remembered of Google Cloud."""
        state: dict[str, Any] = json.loads((self.cloud / "state.json").read_text())
        return state

    def traffic(self, service: str = "puntual") -> dict[str, int]:
        """Return the percents of the traffic, by revision."""
        record = self.state["services"][service]
        return {
            target["revisionName"] or record["latest"]: target["percent"]
            for target in record["traffic"]
            if target["percent"]
        }

    def tags(self, service: str = "puntual") -> dict[str, str]:
        """Return the revisions that are tagged, by tag."""
        targets = self.state["services"][service]["traffic"]
        return {target["tag"]: target["revisionName"] for target in targets if target["tag"]}

    def url(self, revision: str, service: str = "puntual") -> str:
        """Return the address of a revision."""
        url: str = self.state["services"][service]["revisions"][revision]
        return url

    def end(self) -> None:
        """End the revisions that were started here."""
        for process in self.state["processes"]:
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGTERM)

    def _remember(self, state: dict[str, Any]) -> None:
        (self.cloud / "state.json").write_text(json.dumps(state))

    def _run(
        self, command: list[str], settings: dict[str, str], image: str
    ) -> subprocess.CompletedProcess[str]:
        """Run in the clone, with the stand-in only where the image has a gcloud."""
        shims = self.folder / ("with" if "gcloud" in image or "google" in image else "without")
        shims.mkdir(exist_ok=True)
        shim = shims / "gcloud"
        shim.write_text(STANDS_IN if shims.name == "with" else MISSING)
        shim.chmod(0o755)
        environment = {
            "HOME": os.environ["HOME"],
            "PATH": f"{shims}:{os.environ['PATH']}",
            "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
            # All tests are what this rehearsal runs among: here a few stand for them.
            "TESTS": "tests/deployed",
            "REHEARSAL": str(self.cloud),
            "REHEARSAL_GCLOUD": str(GCLOUD),
            "REHEARSAL_VERDICTS": str(self.verdicts),
            "REHEARSAL_FRAMEWORK": str(ROOT / ".build/runtime/bin/functions-framework"),
        }
        return subprocess.run(
            command,
            cwd=self.clone,
            env=environment | settings,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _since(build: Build, name: str | None) -> list[Any]:
    ids = [step.id for step in build.steps]
    return list(build.steps[ids.index(name) if name else 0 :])

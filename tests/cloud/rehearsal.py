"""The steps of cloudbuild.yaml, run in their order here: the real gcloud, a Google of our own."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.cloud.build import Build, Step, load, substitute
from tests.cloud.front import SERVICES, Front, proxy
from tests.cloud.google import OWNER, Google, Json, identity_token
from tests.cloud.sdk import QUIET
from tests.support.commands import succeed
from tests.support.paths import ROOT

MISSING: Final = "#!/bin/sh\necho 'gcloud is not in this image' >&2\nexit 127\n"
SDK_PYTHON: Final = Path("/usr/bin/python3.11")  # the only one in the SDK's image
BUILDER: Final = "puntual-build@rehearsal.iam.gserviceaccount.com"
APIS: Final = (
    *("artifactregistry", "cloudbuild", "cloudresourcemanager", "iam", "iamcredentials"),
    *("logging", "run", "serviceusage", "storage"),
)


class Outcome(NamedTuple):
    """How a build ended: the step that failed, if one did, and all that was printed."""

    failed: str | None
    printed: str


class Rehearsal:
    """A clone of the project, and a Google Cloud that a loaded Cloud SDK asks.

    The environments that `make install` and `make serve` set up are those of this checkout.
    """

    def __init__(self, folder: Path, google: Google, gcloud: str) -> None:
        self.clone, self._folder = folder / "clone", folder
        self.google, self._gcloud = google, gcloud
        self._front = Front(google)

    @classmethod
    def anew(cls, folder: Path, gcloud: str) -> "Rehearsal":
        """Clone what git has or would take of this checkout; nothing is deployed."""
        rehearsal = cls(folder, Google(folder), gcloud)
        (rehearsal.clone / ".build").mkdir(parents=True)
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in filter(None, succeed(*listed).stdout.split("\0")):
            copy = rehearsal.clone / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).exists():
                shutil.copy2(ROOT / name, copy, follow_symlinks=False)
        git = ["git", "-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@localhost"]
        for command in ("init --quiet", "add .", "commit --quiet --message All"):
            succeed(*git, *command.split(), folder=rehearsal.clone)
        for environment in (".venv", ".build/runtime"):
            (rehearsal.clone / environment).symlink_to(ROOT / environment)
        return rehearsal

    def branch(self, folder: Path) -> "Rehearsal":
        """Go on from here elsewhere: the revisions that are served now are served there too."""
        other = Rehearsal(folder, self.google.branch(folder), self._gcloud)
        shutil.copytree(self.clone, other.clone, symlinks=True)
        return other

    def build(self, commit: str, *, since: str | None = None, **values: str) -> Outcome:
        """Run a whole build of main; `since` takes the steps before it as passed."""
        shutil.rmtree(self.clone / ".build/release", ignore_errors=True)
        return self.steps(self.start(commit) | values, since=since)

    def steps(
        self, values: dict[str, str], *, since: str | None = None, until: str | None = None
    ) -> Outcome:
        """Run the steps in their order until one fails, or up to one that is not run."""
        build = load(self.clone / "cloudbuild.yaml")
        variables = build.substitutions | values
        printed = ""
        for step in _between(build, since, until):
            pairs = [substitute(pair, variables) for pair in (*build.options.env, *step.env)]
            command = [step.entrypoint, *(substitute(word, variables) for word in step.args)]
            ended = self._run(command, dict(pair.split("=", 1) for pair in pairs), step.name)
            printed += f"--- {step.id}\n{ended.stdout}"
            if ended.returncode:
                return Outcome(step.id, printed)
        return Outcome(None, printed)

    def start(self, commit: str) -> dict[str, str]:
        """Let the trigger of main start a build, and return its own substitutions."""
        number = len(self.google.builds)
        known = {
            "PROJECT_ID": "rehearsal",
            "SHORT_SHA": commit,
            "BUILD_ID": f"build-{number}",
            "TRIGGER_NAME": "puntual-main",
            "LOCATION": "global",
            "_DEPLOY": "true",
        }
        shown = {"id": known["BUILD_ID"], "status": "WORKING", "substitutions": known}
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        self.google.builds.append(shown | {"createTime": f"{moment}.{number:06}Z"})
        return known

    def make(self, *words: str) -> Outcome:
        """Run a make target by hand, as the owner of the project."""
        ended = self._run(["make", *words, "PROJECT=rehearsal"], {}, None)
        return Outcome(words[0] if ended.returncode else None, ended.stdout)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file of the clone."""
        path = self.clone / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{old!r} does not stand in {name}")
        path.write_text(text.replace(old, new))

    @property
    def service(self) -> Json:
        """The service as Google knows it."""
        return self.google.resources[f"{SERVICES}/puntual"]

    def traffic(self) -> dict[str, int]:
        """Return the percents of the traffic, by revision."""
        targets = self.service["status"]["traffic"]
        return {each["revisionName"]: each["percent"] for each in targets if each.get("percent")}

    def tags(self) -> dict[str, str]:
        """Return the revisions that are tagged, by tag."""
        targets = self.service["status"]["traffic"]
        return {each["tag"]: each["revisionName"] for each in targets if each.get("tag")}

    def status(self, caller: str, audience: str | None = None) -> int:
        """Return what Google answers to a caller: an account, a token that is none, or nobody."""
        url = self.service["status"]["url"]
        email = f"{caller}@rehearsal.iam.gserviceaccount.com"
        account = caller.startswith("puntual")
        token = identity_token(email, audience or url) if account else caller
        return self._front.reply("GET", f"{url}/health", token, b"")[0]

    def end(self) -> None:
        """End the revisions that were started here."""
        self._front.servers.close()

    def _run(
        self, command: list[str], settings: dict[str, str], image: str | None
    ) -> subprocess.CompletedProcess[str]:
        """Run in the clone, with a gcloud where the image has one; None is a person's machine."""
        has_sdk = image is None or "cloudsdk" in image
        shims = self._folder / ("with" if has_sdk else "without")
        shims.mkdir(exist_ok=True)
        (shims / "gcloud").write_text(self._gcloud if has_sdk else MISSING)
        (shims / "gcloud").chmod(0o755)
        if image and has_sdk and SDK_PYTHON.exists() and not (shims / "python3").exists():
            (shims / "python3").symlink_to(SDK_PYTHON)
        token = shims / "token"
        token.write_text(OWNER if image is None else BUILDER)
        with proxy(self._front) as address:
            return subprocess.run(
                command,
                cwd=self.clone,
                env=_environment(shims, token, address) | settings,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )


def _environment(shims: Path, token: Path, proxy: str) -> dict[str, str]:
    return {
        "HOME": os.environ["HOME"],
        "PATH": f"{shims}:{os.environ['PATH']}",
        "TZ": "America/Santiago",
        "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
        "http_proxy": proxy,
        "no_proxy": "localhost,127.0.0.1",
        "CLOUDSDK_CONFIG": str(shims / "cloudsdk"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        **QUIET,
        **{
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}": f"http://{api}.googleapis.com/"
            for api in APIS
        },
    }


def _between(build: Build, since: str | None, until: str | None) -> list[Step]:
    ids = [step.id for step in build.steps]
    end = ids.index(until) if until else None
    return list(build.steps[ids.index(since) if since else 0 : end])

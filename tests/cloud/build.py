"""cloudbuild.yaml as the Cloud SDK's own loader reads it, and what that loader lets through."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.cloud.sdk import GCLOUD
from tests.support.commands import run

# What Cloud Build itself defines, of all that this build uses.
BUILT_IN = {"BUILD_ID", "LOCATION", "PROJECT_ID", "SHORT_SHA", "TRIGGER_NAME"}

_LOADER = """
import sys
sdk, path = sys.argv[1:]
sys.path[:0] = [f"{sdk}/lib", f"{sdk}/lib/third_party"]
from apitools.base.py import encoding
from googlecloudsdk.api_lib.cloudbuild import cloudbuild_util, config
messages = cloudbuild_util.GetMessagesModule()
build = config.LoadCloudbuildConfigFromPath(path, messages, params={})
print(encoding.MessageToJson(build))
"""
_DURATION = re.compile(r"\d+(\.\d+)?s")
_PINNED = re.compile(r".+(:\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a build."""

    id: str
    name: str
    entrypoint: str
    args: tuple[str, ...]
    waitFor: tuple[str, ...] = ()  # noqa: N815  # its name in the file
    env: tuple[str, ...] = ()


class Options(msgspec.Struct, frozen=True):
    """What holds for all steps."""

    logging: str
    env: tuple[str, ...]


class Build(msgspec.Struct, frozen=True):
    """A build, its substitutions not yet made."""

    steps: tuple[Step, ...]
    options: Options
    substitutions: dict[str, str]
    timeout: str

    def faults(self) -> Iterator[str]:
        """Find what Cloud Build would refuse and the Cloud SDK's loader does not."""
        known: set[str] = set()
        for step in self.steps:
            for name in sorted({*step.waitFor} - known - {"-"}):
                yield f"the step {step.id} waits for {name}, which no step before it is"
            if not _PINNED.fullmatch(step.name):
                yield f"the step {step.id} has the unpinned image {step.name}"
            known.add(step.id)
        texts = [*self.options.env, *(word for step in self.steps for word in step.args)]
        used = {name for text in texts for name in variables(text)}
        for name in sorted(used - BUILT_IN - {*self.substitutions}):
            yield f"the substitution {name} is not defined"
        for name in sorted({*self.substitutions} - used):
            yield f"the substitution {name} is not used"
        if not _DURATION.fullmatch(self.timeout):
            yield f"the timeout {self.timeout} is no duration of Cloud Build"


def variables(text: str) -> set[str]:
    """Return the names of the substitutions in a text."""
    return {braced or bare for braced, bare in _VARIABLE.findall(text.replace("$$", ""))}


def substitute(text: str, values: dict[str, str]) -> str:
    """Return the text with its substitutions made."""
    return _VARIABLE.sub(lambda match: values[match[1] or match[2]], text)


def load(path: Path) -> Build:
    """Read a build; raise `ValueError` with the Cloud SDK's words for what it refuses."""
    sdk = Path(GCLOUD).resolve().parents[1]
    ended = run(sys.executable, "-c", _LOADER, sdk, path)
    if ended.returncode:
        raise ValueError(ended.stderr.splitlines()[-1])
    return msgspec.json.decode(ended.stdout, type=Build)

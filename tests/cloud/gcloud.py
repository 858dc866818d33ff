"""A stand-in for `gcloud` in a rehearsal: each command line is judged by the real linter first."""

import json
import shlex
import sys
from typing import Any

from tests.cloud.sdk import faults
from tests.cloud.services import (
    PROGRAM,
    REHEARSAL,
    VERDICTS,
    CommandError,
    deploy,
    describe,
    update_traffic,
)


def run(state: dict[str, Any], words: list[str], flags: dict[str, str]) -> str:
    """Do what one command line says; return what it prints."""
    match words:
        case ["run", "deploy", name]:
            deploy(state, name, flags)
        case ["run", "services", "describe" | "update-traffic" as verb, name]:
            if name not in state["services"]:
                raise CommandError(f"Cannot find service [{name}]")
            if verb == "describe":
                return describe(state["services"][name], flags)
            update_traffic(state["services"][name], flags)
        case ["auth", "print-identity-token"]:
            return "a-token-of-the-rehearsal\n"
        case ["services", "enable", *_]:
            pass
        case _:
            remember(state["things"], words, flags)
    return ""


def remember(things: dict[str, bool], words: list[str], flags: dict[str, str]) -> None:
    """Make, find or bind a thing that has no more to it than its name."""
    # An account is made by its name and found by its address.
    thing = " ".join([*words[:2], flags.get("--name", words[-1]).partition("@")[0]])
    match words:
        case [*_, "add-iam-policy-binding", _]:
            things[f"{thing}: {flags['--member']} is {flags['--role']}"] = True
        case [*_, "describe", _]:
            if thing not in things:
                raise CommandError(f"NOT_FOUND: {thing}")
        case [_, _, "create", *_]:
            if thing in things:
                raise CommandError(f"ALREADY_EXISTS: {thing}")
            things[thing] = True
        case _:
            raise CommandError(f"the stand-in does not know `gcloud {shlex.join(words)}`")


def answer(state: dict[str, Any], arguments: list[str]) -> str:
    """Judge one command line, and run it."""
    line = shlex.join(["gcloud", *arguments])
    state["lines"].append(line)
    if wrong := faults([line], VERDICTS, PROGRAM)[line]:
        raise CommandError(wrong)
    flags = dict(word.partition("=")[::2] for word in arguments if word.startswith("--"))
    return run(state, [word for word in arguments if not word.startswith("--")], flags)


def main(arguments: list[str]) -> None:
    """Run one command line, and remember what it did even where it fails."""
    path = REHEARSAL / "state.json"
    state = json.loads(path.read_text())
    try:
        sys.stdout.write(answer(state, arguments))
    except CommandError as error:
        sys.exit(f"ERROR: (gcloud) {error}")
    finally:
        path.write_text(json.dumps(state, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])

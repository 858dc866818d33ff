"""The delivery's commands: `python3 .cloud COMMAND`, as make targets and Cloud Build run them.

The Cloud SDK's image has Python 3.11 and no other packages, so they need no more.
"""

import sys
from collections.abc import Callable
from os import environ
from subprocess import CalledProcessError
from typing import Final

import release
from bootstrap import bootstrap
from build import step
from commands import CloudError, gcloud, run
from settings import IN_REGION, SERVICE


def logs() -> None:
    """Show the last log lines of the service."""
    limit = environ.get("LIMIT") or "50"
    run(*gcloud("run services logs read", SERVICE, IN_REGION, f"--limit={limit}"))


def open_page() -> None:
    """Bring the page of a closed service to PORT of this machine."""
    run(*gcloud("run services proxy", SERVICE, IN_REGION, f"--port={environ['PORT']}"))


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "bootstrap": bootstrap,
    "tidy": release.tidy,
    "serving": release.note_serving,
    "gate": release.gate,
    "deploy": release.deploy,
    "smoke": release.smoke,
    "canary": release.canary,
    "promote": release.promote,
    "withdraw": release.withdraw,
    "rollback": release.rollback,
    "logs": logs,
    "open": open_page,
    "with-token": release.run_with_token,
    "step": step,
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except CloudError as error:
        sys.exit(str(error))
    except FileNotFoundError as error:
        sys.exit(f"Cannot find {error.filename}: install it, or check the path.")
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell ends at Ctrl-C
    except CalledProcessError as error:
        sys.exit(error.returncode)  # it has said why

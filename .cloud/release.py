"""The commands that release a revision, or take it back."""

from os import environ
from subprocess import CalledProcessError

from commands import CloudError, gcloud, run
from identity import new_token, token_for
from settings import DRY_RUN, IN_REGION, PROJECT, SERVICE, STATE, TAG, account
from traffic import Traffic, update_traffic


def tidy() -> None:
    """Remove the canaries that cancelled builds left."""
    traffic = Traffic()
    if canaries := traffic.canaries():
        tags = ",".join(canaries)
        update_traffic(f"--to-revisions={traffic.serving()}=100", f"--remove-tags={tags}")


def note_serving() -> None:
    """Note the address that serves (empty where nothing does yet), and a token for it.

    They are for later steps, whose image has no Cloud SDK.
    """
    traffic, token = Traffic(), new_token()
    _note("token", token)
    _note("serving", "" if traffic.serving().endswith("-placeholder") else traffic.url)


def gate(*words: str) -> None:
    """Refuse a model that is worse than the serving one on the same flights."""
    noted = STATE / "serving"
    if not DRY_RUN and not noted.exists():
        raise CloudError(
            "Cannot compare: the serving address is not known. Run `make serving` first."
        )
    url = "https://ADDRESS" if DRY_RUN else noted.read_text()
    command = [".venv/bin/python", "-m", "training", "gate", "--margin", environ["MARGIN"]]
    command += ["--token-file", str(STATE / "token"), "--serving", url]
    command += ["--allow-worse"] if environ["ALLOW_WORSE"] == "true" else []
    run(*command, *words)


def deploy() -> None:
    """Deploy the package without traffic, under TAG, and print its address.

    The base image is not updated under a tested revision: run the trigger again for a newer one.
    gunicorn's control socket goes to XDG_RUNTIME_DIR, as HOME cannot be written.
    """
    builder = account(f"{SERVICE}-build")
    flags = {
        "source": ".build/function",
        "function": "predict",
        "base-image": "python313",
        "tag": TAG,
        "cpu": environ["CPU"],
        "memory": environ["MEMORY"],
        "concurrency": environ["CONCURRENCY"],
        "min": environ["MIN_INSTANCES"],
        "max-instances": environ["MAX_INSTANCES"],
        "service-account": account(SERVICE),
        "build-service-account": f"projects/{PROJECT}/serviceAccounts/{builder}",
        "set-env-vars": "FUNCTION_USE_ASGI=1,ORT_DISABLE_TELEMETRY=1,XDG_RUNTIME_DIR=/tmp,"
        f"GOOGLE_CLOUD_PROJECT={PROJECT}",
        "set-build-env-vars": "GOOGLE_PYTHON_PACKAGE_MANAGER=uv,SOURCE_DATE_EPOCH=1",
    }
    options = [f"--{name}={value}" for name, value in flags.items()]
    options += ["--no-traffic", "--no-automatic-updates", "--cpu-boost", "--quiet"]
    run(*gcloud("run deploy", SERVICE, IN_REGION, *options))
    url = Traffic().url_of(TAG)
    _note("url", url)
    print(url, flush=True)


def smoke(url: str) -> None:
    """Test the function that is deployed at an address."""
    if not url:
        raise CloudError("Say where: URL=...")
    run_with_token(url, ".venv/bin/pytest", "tests/deployed")


def run_with_token(url: str, *command: str) -> None:
    """Run a command with an address and an identity token for it in its environment."""
    run(*command, PUNTUAL_URL=url, PUNTUAL_TOKEN=token_for(url))


def canary() -> None:
    """Give what is deployed under TAG a share of CANARY percent."""
    update_traffic(f"--to-tags={TAG}={environ['CANARY']}")


def promote() -> None:
    """Give what is deployed under TAG all traffic; what served before is tagged `previous`."""
    traffic = Traffic()
    new, old = traffic.revision(TAG), traffic.serving()
    update_traffic(f"--to-revisions={new}=100", f"--update-tags=previous={old}")
    update_traffic(f"--remove-tags={TAG}")


def withdraw() -> None:
    """Take traffic and tag from what is deployed under TAG.

    While the service's newest revision does not start, the Cloud SDK reports failure although the
    traffic moved, so the traffic itself is asked.
    """
    old = Traffic().serving()
    try:
        update_traffic(f"--to-revisions={old}=100", f"--remove-tags={TAG}")
    except CalledProcessError:
        if not Traffic().is_withdrawn():
            raise


def rollback() -> None:
    """Go back to the revision that served before; a second time undoes it."""
    traffic = Traffic()
    old, new = traffic.revision("previous"), traffic.serving(besides="previous")
    if old == f"{SERVICE}-placeholder":
        raise CloudError("Cannot roll back: no release came before this one.")
    update_traffic(f"--to-revisions={old}=100", f"--update-tags=previous={new}")


def _note(name: str, text: str) -> None:
    """Write a file for later steps that only its owner reads."""
    if not DRY_RUN:
        STATE.mkdir(parents=True, exist_ok=True)
        (STATE / name).touch(mode=0o600)
        (STATE / name).write_text(text)

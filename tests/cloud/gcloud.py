"""The Cloud SDK itself, loaded once: each command line runs in a fork of this process.

Run by the SDK's own Python with its library on the path, so it imports nothing of the project. It
listens at the socket given for what `tests/cloud/sdk.py` has as its client.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import googlecloudsdk.api_lib.cloudbuild.cloudbuild_util
import googlecloudsdk.command_lib.run.serverless_operations  # noqa: F401  # loaded for all forks
from googlecloudsdk import gcloud_main


def run(arguments: list[str], folder: str, environment: dict[str, str]) -> int:
    """Run one command line in this process, and return its exit status."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["gcloud", *arguments]
    try:
        gcloud_main.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def answer(client: socket.socket) -> None:
    """Run what one client asks, on its standard streams, and send it the exit status."""
    status = 1
    try:
        length, streams, *_ = socket.recv_fds(client, 4, 3)
        with client.makefile("rb") as sent:
            asked = json.loads(sent.read(int.from_bytes(length, "big")))
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        status = run(*asked)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        client.sendall(bytes([status]))


def main(address: Path) -> None:
    """Fork for each client."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(client)
                os._exit(0)
            client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

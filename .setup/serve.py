"""Serve the package, and say where once it answers: `python .setup/serve.py HOST PORT`."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / ".build" / "function"
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  # the owner's choice, by HOST


def main(host: str, port: int) -> int:
    """Serve until a signal ends it, and return the server's exit code."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        sys.exit(f"Cannot serve at {host}:{port}: {reason}. Set PORT to a free one, or HOST.")
    # gunicorn makes a control socket: here, as HOME may not be writable, or have another server's.
    with tempfile.TemporaryDirectory(prefix="puntual-") as folder:
        environment = {"FUNCTION_USE_ASGI": "1", "XDG_RUNTIME_DIR": folder}
        framework = Path(sys.executable).with_name("functions-framework")
        options = ["--target", "predict", "--source", str(PACKAGE / "main.py")]
        server = subprocess.Popen(  # noqa: S603  # our own command
            [framework, *options, "--host", host, "--port", str(port)],
            env=os.environ | environment,
            process_group=0,  # Ctrl-C reaches this process alone
        )
        for number in (signal.SIGINT, signal.SIGTERM):  # at SIGINT gunicorn would wait 30 s
            signal.signal(number, lambda _number, _frame: server.terminate())
        visible = "localhost" if host in EVERYWHERE else host
        while server.poll() is None and not answers(visible, port):
            time.sleep(0.02)
        if server.poll() is None:
            url = f"http://{visible}:{port}/"
            told = f"Answering at {url}predict. Open {url} for the page. Ctrl-C stops."
            print(told, file=sys.stderr)  # standard output has the log alone
        return server.wait()


def answers(host: str, port: int) -> bool:
    """Return whether the function is well."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))

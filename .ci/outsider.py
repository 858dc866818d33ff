"""The README's own words, as a stranger tries them: to serve, to ask, to test.

The stranger is an ordinary user, made by root, who ignores SIGINT, has no standard input, and works
in a path with a blank and an accent. Each Python of this machine gets a clone; the last one gets an
archive in a poor environment instead, and no network once it is set up.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
USER = "puntual-outsider"
VERSIONS = ("3.12", "3.13", "3.14")
OWN = ("CI", "HOME", "PUNTUAL_FLIGHTS", "PYTHON", "VIRTUAL_ENV")

ORDINARY = 'exec "$@" <&-'
POOR = 'umask 077; ulimit -n 1024; exec "$@" <&-'
OFFLINE = 'ip link set lo up && exec "$@"'
# Python may lie below a closed folder, such as root's home, so the stranger may read everything.
READER = "-all,+dac_read_search"
STRANGER = (
    *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
    *(f"--bounding-set={READER}", f"--inh-caps={READER}", f"--ambient-caps={READER}"),
)
POOR_VARIABLES = {"LANG": "C", "TZ": "America/Santiago"}


@dataclass(frozen=True)
class Outsider:
    """A stranger with one Python, and a project that was just fetched."""

    folder: Path
    variables: dict[str, str]
    shell: str

    def command(self, line: str, *, offline: bool = False) -> list[str]:
        """Return the command that has a line typed by the stranger, in the project."""
        alone = ("unshare", "--net", "sh", "-c", OFFLINE, "sh") if offline else ()
        return [*alone, *STRANGER, "sh", "-c", self.shell, "sh", "bash", "-c", line]

    def run(self, line: str, *, offline: bool = False) -> str:
        """Run a line to its end, and return what it printed; end everything where it fails."""
        return run(line, self.command(line, offline=offline), self.folder, self.variables)

    @contextmanager
    def serving(self, line: str) -> Iterator[None]:
        """Run a line that serves, from when it says so."""
        start = time.monotonic()
        with subprocess.Popen(
            self.command(line),
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr is not None
            told = ""
            while "Answering at " not in told:
                if not (read := process.stderr.readline()):
                    sys.exit(f"{told}\n{line} ended before it served")
                told += read
            print(f"  {line} answered after {time.monotonic() - start:.0f} s", flush=True)
            try:
                yield
            finally:
                os.killpg(process.pid, signal.SIGTERM)


def run(line: str, command: list[str], folder: Path, variables: dict[str, str]) -> str:
    """Run a line, as `command` does, and return what it printed; end everything if it fails."""
    start = time.monotonic()
    ended = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if ended.returncode:
        sys.exit(f"{ended.stdout}\n{line} ended with {ended.returncode}")
    print(f"  {line.splitlines()[0]} took {time.monotonic() - start:.0f} s", flush=True)
    return ended.stdout


def main() -> None:
    """Try each Python; end with what went wrong where something does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and clean up
    serve, ask, expected, test = readme()
    found = {version: base for version in VERSIONS if (base := base_of(version))}
    for place, version in enumerate(found, 1):
        poor = 1 < place == len(found)
        print(f"Python {version}, {'an archive, poorly' if poor else 'a clone'}:", flush=True)
        with outsider(found[version], poor=poor) as stranger:
            with stranger.serving(serve):
                if stranger.run(ask) != f"{expected}\n":
                    sys.exit(f"Expected {expected} from {ask}")
            stranger.run("make install")
            last = stranger.run(test, offline=poor).splitlines()[-1]
            if not re.search(r"\d+ passed", last):
                sys.exit(f"Expected the result on the last line, got {last}")
            print(f"  {last}", flush=True)


def readme() -> tuple[str, str, str, str]:
    """Return the first commands of the README: to serve, to ask, the answer, and to test."""
    blocks = re.findall(
        r"^```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    serve, asked, test = blocks[:3]
    ask, _, expected = asked.rpartition("\n")
    return serve, f"{ask.rstrip()} && echo", expected, test


def base_of(version: str) -> Path | None:
    """Return where a Python is installed, if this machine has it."""
    if not shutil.which(f"python{version}"):
        return None
    told = subprocess.run(
        [f"python{version}", "-c", "import sys; print(sys.base_prefix)"],
        env=os.environ | {"PYENV_VERSION": version},
        check=False,
        capture_output=True,
        text=True,
    )
    return Path(told.stdout.strip()) if told.returncode == 0 else None


@contextmanager
def outsider(base: Path, *, poor: bool) -> Iterator[Outsider]:
    """Fetch the project for a stranger, who exists until the block ends."""
    with tempfile.TemporaryDirectory(prefix="outsider-") as work:
        Path(work).chmod(0o755)
        home = Path(work, "home")
        folder = home / "Vuelos de mañana" / "puntual"
        folder.mkdir(parents=True)
        fetch(folder, archive=poor)
        variables = {name: value for name, value in os.environ.items() if name not in OWN}
        variables |= {"PATH": f"{base}/bin:/usr/bin:/bin"}
        variables |= POOR_VARIABLES if poor else {"HOME": str(home)}
        subprocess.run(["useradd", "--home-dir", str(home), USER], check=True)
        try:
            subprocess.run(["chown", "--recursive", f"{USER}:{USER}", str(home)], check=True)
            yield Outsider(folder, variables, POOR if poor else ORDINARY)
        finally:
            subprocess.run(["userdel", USER], check=True)


def fetch(folder: Path, *, archive: bool) -> None:
    """Bring what is committed into a folder, with its history or without."""
    if archive:
        packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=-1).stdout
        subprocess.run(["tar", "-x"], cwd=folder, check=True, input=packed)
    else:
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)]
        subprocess.run(clone, check=True)


if __name__ == "__main__":
    main()

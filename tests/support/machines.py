"""Machines that are hard on a function: commands that start it without this or that.

Most need root and tools of Linux; what is refused here skips the test, with the reason.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import run, succeed
from tests.support.paths import ROOT

NOBODY: Final = 65534
_READ_ALL: Final = "dac_read_search"  # Python itself may lie where only its owner can read


def one_cpu() -> list[str]:
    return _able(["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))])


def without_network[T](task: Callable[[], T]) -> T:
    """Run in a thread that sees no network but a loopback of its own, and so do its children."""
    _need("ip")

    def isolated() -> T:
        try:
            os.unshare(os.CLONE_NEWNET)
        except OSError as error:
            pytest.skip(f"no network can be made here: {error}")
        succeed("ip", "link", "set", "lo", "up")
        return task()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(isolated).result()


def read_only() -> list[str]:
    """Mount everything read-only, but for a folder where gunicorn has its heartbeat."""
    remount = (
        "mount -t tmpfs tmpfs /dev/shm && export TMPDIR=/dev/shm XDG_RUNTIME_DIR=/dev/shm && "
        "for m in $(awk '$2 != \"/dev/shm\" {print $2}' /proc/self/mounts); do "
        'mount -o remount,bind,ro "$m" 2>/dev/null; done; '
        '! touch "$0/x" 2>/dev/null && exec "$@"'
    )
    return _able(["unshare", "--mount", "sh", "-c", remount, str(ROOT)])


def unprivileged() -> list[str]:
    """Run as nobody, who may read everything and write nothing."""
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    keep = f"--bounding-set=-all,+{_READ_ALL}"
    caps = [keep, f"--inh-caps=-all,+{_READ_ALL}", f"--ambient-caps=+{_READ_ALL}"]
    return _able(["setpriv", *user, *caps])


@contextmanager
def memory(limit: int) -> Iterator[list[str]]:
    """Bound the memory of a command, page cache and all, with a control group."""
    root, name = Path("/sys/fs/cgroup"), f"puntual-{os.getpid()}"
    if (root / "memory").is_dir():
        group, bound = root / "memory" / name, "memory.limit_in_bytes"
    elif "memory" in _text(root / "cgroup.subtree_control").split():
        group, bound = root / name, "memory.max"
    else:
        pytest.skip("no control group bounds memory here")
    try:
        group.mkdir()
        (group / bound).write_text(str(limit))
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        group.rmdir()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def _able(prefix: list[str]) -> list[str]:
    """Return a command that starts others, or skip where this machine refuses it."""
    _need(prefix[0])
    tried = run(*prefix, "true")
    if tried.returncode:
        pytest.skip(f"{prefix[0]} is refused here: {tried.stderr.strip()}")
    return prefix

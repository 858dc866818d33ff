"""How much memory an engine in this process may use: it follows the machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

SHARE: Final = 0.5  # of what is free; Python, pandas and the disk's cache need some, too
LEAST: Final = 256 << 20  # bytes
UNKNOWN: Final = 1 << 30  # bytes that are taken for free where the system does not say
MEMINFO: Final = Path("/proc/meminfo")
CGROUP: Final = Path("/proc/self/cgroup")
CGROUPS: Final = Path("/sys/fs/cgroup")


def limit() -> int:
    """Return the bytes that DuckDB may use: half of what is free, within the control groups."""
    free = min((*_of_machine(), *_of_groups()), default=UNKNOWN)
    return max(int(free * SHARE), LEAST)


def text(size: int) -> str:
    """Return a size as DuckDB reads it and people, too."""
    return f"{size >> 20} MiB"


def _of_machine() -> Iterator[int]:
    for line in _lines(MEMINFO):
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            yield int(value.split()[0]) << 10


def _of_groups() -> Iterator[int]:
    """Yield what is free in each control group that this process is in, of version 1 or 2."""
    for line in _lines(CGROUP):
        _, controllers, group = line.split(":", 2)
        if controllers in {"", "memory"}:
            names = ("memory.max", "memory.current")
            if controllers:
                names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            top = CGROUPS / controllers
            folder = top / group.lstrip("/")
            for each in (folder, *folder.parents):
                if each.is_relative_to(top):
                    yield from _free(each, *names)


def _free(folder: Path, most: str, used: str) -> Iterator[int]:
    bounds = [line for name in (most, used) for line in _lines(folder / name)[:1]]
    if len(bounds) == 2 and all(bound.isdigit() for bound in bounds):  # noqa: PLR2004  # both are there, none is `max`
        cache = (line.split() for line in _lines(folder / "memory.stat"))
        given_back = sum(int(size) for name, size in cache if name == "inactive_file")
        yield max(int(bounds[0]) - int(bounds[1]) + given_back, 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []

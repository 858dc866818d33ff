"""DuckDB's memory follows the machine and its control groups."""

from pathlib import Path

import pytest

from training.errors import DataError
from training.tables import memory
from training.tables.sources import open_source

MIB = 1 << 20


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB free, in no control group."""
    for name, file in (("MEMINFO", "meminfo"), ("CGROUP", "cgroup"), ("CGROUPS", "groups")):
        monkeypatch.setattr(memory, name, tmp_path / file)
    (tmp_path / "meminfo").write_text(
        f"MemTotal: {16 << 20} kB\nMemAvailable:   {8 << 20} kB\nCached: 1 kB\n"
    )
    return tmp_path


def group(machine: Path, path: str, **files: object) -> None:
    folder = machine / "groups" / path
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def test_half_of_what_is_free_is_used(machine: Path) -> None:
    assert memory.limit() == 4096 * MIB
    (machine / "meminfo").write_text("MemAvailable: 1000 kB\n")
    assert memory.limit() == memory.LEAST
    (machine / "meminfo").unlink()
    assert memory.limit() == 512 * MIB


def test_a_control_group_bounds_it_and_so_does_the_one_above(machine: Path) -> None:
    (machine / "cgroup").write_text("0::/above/ours\n")
    group(machine, "above/ours", memory__max="max", memory__current=MIB)
    assert memory.limit() == 4096 * MIB
    stat = f"anon 5\ninactive_file {100 * MIB}"
    group(machine, "above", memory__max=1024 * MIB, memory__current=224 * MIB, memory__stat=stat)
    assert memory.limit() == 450 * MIB


def test_a_control_group_of_version_1_bounds_it(machine: Path) -> None:
    (machine / "cgroup").write_text("5:cpu:/x\n4:memory:/ours\n0::/\n")
    used = {"memory__limit_in_bytes": 2048 * MIB, "memory__usage_in_bytes": 48 * MIB}
    group(machine, "memory/ours", **used)
    assert memory.limit() == 1000 * MIB


def test_a_message_says_how_much_memory_was_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "limit", lambda: 30 * MIB)
    (tmp_path / "flights.sql").write_text("SELECT list(i) FROM range(30000000) AS r(i)")
    with pytest.raises(DataError, match=r"needs more memory than 30\.0 MiB, half of what was free"):
        open_source(str(tmp_path / "flights.sql"))

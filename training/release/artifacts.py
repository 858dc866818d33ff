"""Files that are replaced as a whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` into `folder`, all of them or, where one cannot be, none.

    Each is on the disk before the first takes its place, and a failure among the renames puts
    back what stood there before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as stage:
        new, old = Path(stage, "new"), Path(stage, "old")
        new.mkdir()
        old.mkdir()
        for name, content in files.items():
            with (new / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if (folder / name).exists():
                shutil.copy2(folder / name, old / name)
        try:
            for name in files:
                (new / name).replace(folder / name)
        except BaseException:
            for name in files:
                if (old / name).exists():
                    (old / name).replace(folder / name)
                elif not (new / name).exists():
                    (folder / name).unlink()
            raise


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to, which takes its place once the block has succeeded.

    A failure leaves what stood there before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as stage:
        new = Path(stage, path.name)
        yield new
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)

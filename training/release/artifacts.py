"""Files that are replaced as a whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from training.errors import DataError


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


def check_target(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise `DataError` where a file cannot be written, or is one of the inputs.

    Called before the work, so that its result is not lost.
    """
    if path.is_dir():
        raise DataError(f"Cannot write {path}: it is a folder. Name a file in it.")
    if path.exists() and any(source.exists() and path.samefile(source) for source in inputs):
        raise DataError(f"Cannot write {path}: it is read from. Name another file.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"Cannot write {path}: {folder}: {error.strerror}.") from error

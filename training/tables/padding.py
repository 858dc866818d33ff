"""Zero bytes behind a gzip stream, which tapes and some tools write and DuckDB refuses."""

import atexit
import functools
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO, Final

BLOCK: Final = 1 << 16  # bytes, which decompress to a thousand times as many at most
GZIP: Final = 31  # zlib's number for a stream with gzip's header


def unpadded(path: Path) -> Path:
    """Return a gzip file, or a copy of it without the zero bytes at its end."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1, 0))
        # The last byte of a stream is one of its length, and 0 below 16 MB.
        padding = _padding(file) if file.read(1) == b"\0" else 0
        if not padding:
            return path
        file.seek(0)
        copy = Path(_folder(), *path.absolute().parts[1:])
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("wb") as new:
            shutil.copyfileobj(file, new, BLOCK)
            new.truncate(size - padding)
    return copy


def _padding(file: BinaryIO) -> int:
    """Return how many zero bytes follow the last stream of a file; 0 where it is malformed."""
    file.seek(0)
    stream, padding = zlib.decompressobj(GZIP), 0
    while block := file.read(BLOCK):
        while block:
            if stream.eof:
                rest = block.lstrip(b"\0")
                padding += len(block) - len(rest)
                if not rest:
                    break
                stream, padding, block = zlib.decompressobj(GZIP), 0, rest
            try:
                stream.decompress(block)
            except zlib.error:
                return 0
            block = stream.unused_data
    return padding if stream.eof else 0


@functools.cache
def _folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="puntual-")
    atexit.register(folder.cleanup)
    return folder.name

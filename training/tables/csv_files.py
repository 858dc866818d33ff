"""CSV files as Python's own reader sees them: headers, numbers of records, lines and faults.

DuckDB reads the flights. What it read is checked against this module, which also says where a
fault is: DuckDB's own line numbers leave out blank lines and line breaks inside quotes.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from training.errors import RECIPES, DataError

MAX_HEADER: Final = 1 << 20  # bytes
BLOCK: Final = 1 << 22  # bytes
GZIP: Final = b"\x1f\x8b"
NOT_UTF_8: Final = f"it is not UTF-8 - at line {{}}. Save it as UTF-8. {RECIPES.rstrip('.')}"
SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_QUOTE, _NEW_LINE, _RETURN = b'"\n\r'

csv.field_size_limit(1 << 21)  # the longest line that DuckDB reads


class Header(NamedTuple):
    """The names of the columns, the number of blank lines before them, and the names as given."""

    names: tuple[str, ...]
    skip: int
    given: tuple[str, ...]


def header_of(path: Path) -> Header:
    """Return the header of a CSV file; raise `DataError` where it has none."""
    with _opened(path) as file:
        start = file.read(MAX_HEADER)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"Cannot read {path}: it is UTF-16. Save it as UTF-8.")
    # A character may be cut at the end; one that is wrong before is named with its line.
    text = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(start)
    lines = io.StringIO(text, newline="")
    names: list[str] = []
    skip = 0
    try:
        for names in csv.reader(lines, strict=True):
            if names:
                break
            skip += 1
    except csv.Error as error:
        raise DataError(f"Cannot read {path}: {error} - at line {skip + 1}.") from error
    if not names:
        raise DataError(f"Cannot read {path}: it is empty.")
    if any("\ufffd" in name for name in names):
        raise DataError(f"Cannot read {path}: {NOT_UTF_8.format(skip + 1)}.")
    if names[0].lstrip().startswith(("{", "[")):
        raise DataError(f"Cannot read {path}: it is JSON, not CSV. {RECIPES}")
    for separator, word in SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise DataError(
                f"Cannot read {path}: expected commas between columns, got {word}. "
                f"Save it with commas. {RECIPES}"
            )
    return Header(_unique(names), skip, tuple(names))


def is_gzipped(path: Path) -> bool:
    """Whether a file is compressed, by its name or its first bytes."""
    if path.suffix.lower() == ".gz":
        return True
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def records(path: Path) -> int:
    """Count the records below the header; wrong where a quote stands inside an unquoted value.

    Bytes alone are counted, at a fraction of the time that reading them takes.
    """
    count, scan = 0, _Scan()
    with _opened(path) as file:
        while block := file.read(BLOCK):
            count += scan.records(block)
    return max(count + (not scan.blank) - 1, 0)


def records_exactly(path: Path) -> int:
    """Count the records below the header as Python's own reader does."""
    return max(sum(1 for _ in _records(path)) - 1, 0)


def lines_of(path: Path, rows: Iterable[int]) -> dict[int, int]:
    """Return the line at which each of these rows begins; row 0 is the first below the header."""
    wanted = {*rows}
    lines: dict[int, int] = {}
    for row, (line, _) in enumerate(_records(path), -1):
        if row in wanted:
            lines[row] = line
        if len(lines) == len(wanted):
            break
    return lines


def fault_of(path: Path) -> str | None:
    """Return the first fault of a malformed file with its line, or None where it has none."""
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return NOT_UTF_8.format(number)
    width = 0
    try:
        for line_number, record in _records(path, strict=True):
            width = width or len(record)
            if len(record) != width and record[width:] != [""]:
                return f"expected {width} values, got {len(record)} - at line {line_number}"
    except _MalformedError as error:
        return str(error)
    endings = _line_ends(path)
    return f"its lines end in {' and '.join(endings)}. Save it with one" if endings[1:] else None


class _MalformedError(Exception):
    """A fault that Python's own reader finds."""


class _Scan:
    """What is known at the end of a block of bytes: whether quotes are open, and the line."""

    def __init__(self) -> None:
        self._quoted = False
        self._length = 0  # of the line so far
        self._last = 0

    @property
    def blank(self) -> bool:
        """Whether the last line, which no line break ended, holds nothing."""
        return self._length == 0 or (self._length == 1 and self._last == _RETURN)

    def records(self, block: bytes) -> int:
        """Count the records that end in a block: the lines that are not blank."""
        plain = not self._quoted and b'"' not in block and self._length > 1
        if plain and not any(blank in block for blank in (b"\n\n", b"\n\r\n")):
            cut = block.rfind(b"\n")
            self._length = len(block) - 1 - cut + (self._length if cut < 0 else 0)
            self._last = block[-1]
            return block.count(b"\n")
        content = np.frombuffer(block, np.uint8)
        quoted = (np.cumsum(content == _QUOTE) + self._quoted) % 2 == 1
        ends = np.flatnonzero((content == _NEW_LINE) & ~quoted)
        count = self._lines(content, ends)
        self._length = len(block) - 1 - int(ends[-1]) if len(ends) else self._length + len(block)
        self._quoted, self._last = bool(quoted[-1]), int(content[-1])
        return count

    def _lines(self, content: NDArray[np.uint8], ends: NDArray[np.int64]) -> int:
        lengths = np.diff(ends, prepend=-1 - self._length) - 1
        before = np.where(ends > 0, content[ends - 1], self._last)
        return int(((lengths > 1) | ((lengths == 1) & (before != _RETURN))).sum())


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path) if is_gzipped(path) else path.open("rb") as file:
            yield cast("BinaryIO", file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"Cannot read {path}: {reason}.") from error


def _records(path: Path, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, and its values; blank lines are none."""
    with _opened(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", "replace", newline="")
        reader = csv.reader(text, strict=strict)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise _MalformedError(f"a quote is never closed - at line {line}") from error
                raise _MalformedError(f"{error} - at line {line}") from error
            if record:
                yield line, record


def _line_ends(path: Path) -> list[str]:
    found: Counter[str] = Counter()
    with _opened(path) as file:
        while block := file.read(BLOCK):
            both = block.count(b"\r\n")
            found[r"\r\n"] += both
            found[r"\n"] += block.count(b"\n") - both
            found[r"\r"] += block.count(b"\r") - both
    return [ending for ending, number in found.items() if number > 0]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return names that differ in more than case, by numbers as DuckDB gives them."""
    unique: list[str] = []
    seen: set[str] = set()
    for position, given in enumerate(names):
        name, number = given or f"column{position}", 0
        while name.casefold() in seen:
            number += 1
            name = f"{given}_{number}"
        seen.add(name.casefold())
        unique.append(name)
    return tuple(unique)

"""Flights that a query yields: a file with one SELECT, which DuckDB runs once."""

import contextlib
import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.errors import DataError

from .reasons import reason_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUFFIX: Final = ".sql"
ROWS: Final = "query"  # the temporary table of the result
# Extensions are not loaded, as they might come from the network; names are of files and tables, not
# of variables in Python.
SETTINGS: Final = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
)
# The parts of a syntax tree that only read. DuckDB also takes `WITH x AS (COPY ...) SELECT`.
READING: Final = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}


def is_query(address: str) -> bool:
    """Whether an address names a file with a query."""
    return address.lower().endswith(SUFFIX)


def materialize(connection: "DuckDBPyConnection", path: Path) -> None:
    """Run the query of a file, once, and keep its rows in their order as the table `ROWS`.

    Paths in the query are relative to its folder. Raise `DataError` for anything but one SELECT.
    """
    query = _select(connection, path)
    for setting in SETTINGS:
        connection.execute(setting)
    # DuckDB looks into `file_search_path` only for what the working directory does not have.
    with contextlib.chdir(path.parent):
        connection.execute(f"CREATE TEMP TABLE {ROWS} AS {query}")


def files_of(path: Path) -> tuple[Path, ...]:
    """Return the file of a query and those files that its text names."""
    import duckdb  # noqa: PLC0415  # the engine is imported where it is asked for

    with duckdb.connect() as connection:
        tree = _tree(connection, _select(connection, path))
    found = {Path(name) for text in _names(tree) for name in _matches(path.parent, text)}
    return (path, *sorted(file for file in found - {path} if file.is_file()))


def _select(connection: "DuckDBPyConnection", path: Path) -> str:
    """Return the text of the one SELECT in a file."""
    import duckdb  # noqa: PLC0415  # the same

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"Cannot read {path}: it is not UTF-8. Save it as UTF-8.") from error
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise DataError(f"Cannot run {path}: {reason_of(error)}.") from error
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        got = ", ".join(kinds) or "nothing"
        raise DataError(f"Cannot run {path}: expected one SELECT, got {got}.")
    query: str = statements[0].query
    if others := {kind for kind in _kinds(_tree(connection, query)) if kind not in READING}:
        got = min(others).partition("_")[0]
        raise DataError(f"Cannot run {path}: expected one SELECT, got {got} in it.")
    return query


def _tree(connection: "DuckDBPyConnection", query: str) -> Any:  # noqa: ANN401  # any JSON
    (text,) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone() or ("",)
    return json.loads(text)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  # any JSON
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for each in tree.values() if isinstance(tree, dict) else tree:
            yield from _nodes(each)


def _kinds(tree: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    """Yield the kinds of the queries in a tree; that of DESCRIBE, SHOW and SUMMARIZE is `SHOW`."""
    for node in _nodes(tree):
        kind = str(node.get("type"))
        if kind.endswith("_NODE") or kind == "SHOW_REF":
            yield kind


def _names(tree: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    """Yield what may name files: tables, and texts that are given to table functions."""
    for node in _nodes(tree):
        if node.get("type") == "BASE_TABLE":
            yield str(node["table_name"])
        if node.get("type") == "TABLE_FUNCTION":
            for part in _nodes(node["function"]):
                literal = part.get("literal")
                if isinstance(literal, dict) and literal.get("kind") == "STRING":
                    yield str(literal["text"])


def _matches(folder: Path, name: str) -> list[str]:
    with contextlib.suppress(OSError, ValueError):
        path = folder / Path(name).expanduser()
        return [str(path)] if path.exists() else glob.glob(str(path), recursive=True)  # noqa: PTH207  # absolute patterns too
    return []

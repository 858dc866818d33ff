"""Google's SQL engine, in a process of its own environment."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.support.paths import ROOT

FOLDER = ROOT / ".build/zetasql"


class RefusedError(Exception):
    """The engine does not take a statement."""


@dataclass
class Rows:
    """The rows of a table and the BigQuery types of its columns; times are in ISO 8601."""

    columns: dict[str, str]
    rows: list[list[Any]] = field(default_factory=list)


class Statement(NamedTuple):
    """What the engine makes of a statement."""

    kind: str  # such as CreateView
    columns: dict[str, str]  # that it returns, or that what it makes has
    query: str | None  # of a view


class ZetaSQL:
    """A running engine, which keeps nothing between its answers."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [FOLDER / "bin/python", "-m", "tests.bigquery.sql.engine"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def execute(self, query: str, tables: Mapping[str, Rows]) -> Rows:
        """Return what a query answers; raise `RefusedError` where it is none."""
        found = self._ask(query=query, tables=_described(tables))
        return Rows(found["columns"], found["rows"])

    def analyze(
        self,
        script: str,
        tables: Mapping[str, Rows],
        connections: Sequence[str] = (),
        graph: Mapping[str, Mapping[str, str]] | None = None,
    ) -> list[Statement]:
        """Return what the statements of a script are; raise `RefusedError` where one is wrong.

        `graph` has the `inputs` and `outputs` of imported models.
        """
        found = self._ask(
            script=script,
            tables=_described(tables),
            connections=connections,
            graph=graph,
        )
        return [Statement(**each) for each in found["found"]]

    def _ask(self, **request: Any) -> Any:  # noqa: ANN401  # it is JSON
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise RefusedError(answer["refused"])
        return answer


def _described(tables: Mapping[str, Rows]) -> dict[str, dict[str, Any]]:
    return {name: vars(table) for name, table in tables.items()}

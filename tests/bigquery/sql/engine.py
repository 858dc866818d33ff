"""Run SQL on ZetaSQL, Google's SQL engine, which BigQuery's dialect comes from.

It runs in an environment of its own and imports nothing of the project but its siblings. It reads
one request a line, in JSON, and writes one answer a line.
"""

import json
import sys
from pathlib import Path
from typing import Any

from wasmtime import Config
from zetasql.core import ZetaSQLError, ZetaSqlLocalService, wasm_client
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as messages

type Json = dict[str, Any]


class Cached(Config):  # type: ignore[misc]  # its package is in the other environment
    """Keep the compiled engine in its environment: it takes a minute to compile."""

    def __init__(self) -> None:
        super().__init__()
        file = Path(sys.prefix, "compiled.toml")
        file.write_text(f"[cache]\ndirectory = {json.dumps(str(file.with_suffix('')))}\n")
        self.cache = str(file)


wasm_client.Config = Cached

from . import catalogs, values  # noqa: E402  # they load the engine


def analyze(request: Json) -> Json:
    """Return what each statement of a script is; each knows what those before it make."""
    catalog = catalogs.built(request["tables"], request["connections"])
    graph = request["graph"]
    parts = catalogs.statements(request["script"])
    return {"found": [catalogs.analyzed(sql, catalog, graph) for sql in parts]}


def execute(request: Json) -> Json:
    """Return the columns of a query, with their types, and its rows."""
    tables = request["tables"]
    message = messages.EvaluateQueryRequest(
        sql=request["query"],
        options=catalogs.OPTIONS.to_proto(),
        simple_catalog=catalogs.built(tables, []).to_proto(),
    )
    for name, table in tables.items():
        content = message.table_content[name].table_data
        content.SetInParent()  # a table without rows is one
        kinds = list(table["columns"].values())
        for row in table["rows"]:
            content.row.add(cell=map(values.encoded, kinds, row))
    client = ZetaSqlLocalService.get_instance().wasm_client
    method = "ZetaSqlLocalService_EvaluateQuery"
    found = client.call_grpc_func(method, message, messages.EvaluateQueryResponse)
    return {
        "columns": {c.name: values.NAMES[c.type.type_kind] for c in found.prepared.columns},
        "rows": [[*map(values.decoded, row.cell)] for row in found.content.table_data.row],
    }


def main() -> None:
    """Answer each request; what the engine refuses is answered with its reason."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = (execute if "query" in request else analyze)(request)
        except ZetaSQLError as error:
            answer = {"refused": str(error)}
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

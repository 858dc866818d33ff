"""What the names of a statement mean to the engine, for its own environment."""

from typing import Any, Final

from zetasql import types
from zetasql.api import (
    Analyzer,
    CatalogBuilder,
    Parser,
    TableBuilder,
    TVFBuilder,
)
from zetasql.core import ZetaSqlLocalService
from zetasql.types import ResolvedNodeKind

from .values import KINDS, NAMES

type Json = dict[str, Any]
type Columns = dict[str, str]


# BigQuery's times end at microseconds.
FINER: Final = {
    types.LanguageFeature.FEATURE_TIMESTAMP_NANOS,
    types.LanguageFeature.FEATURE_TIMESTAMP_PICOS,
}


def _options() -> types.AnalyzerOptions:
    language = types.LanguageOptions.maximum_features()
    features = language.enabled_language_features
    language.enabled_language_features = [each for each in features if each not in FINER]
    language.product_mode = types.ProductMode.PRODUCT_EXTERNAL  # FLOAT64, as outside of Google
    language.supported_statement_kinds = [
        kind for kind in ResolvedNodeKind if kind.name.endswith("STMT")
    ]
    return types.AnalyzerOptions(language_options=language)


OPTIONS: Final = _options()
BUILT_IN: Final = types.ZetaSQLBuiltinFunctionOptions(language_options=OPTIONS.language_options)


def built(tables: Json, connections: list[str]) -> types.SimpleCatalog:
    """Return a catalog of tables, connections and the functions that the engine brings."""
    catalog = CatalogBuilder("bigquery").with_builtin_functions(BUILT_IN).build()
    for name, table in tables.items():
        catalog.table.append(_table(name, table["columns"]))
    for name in connections:
        catalog.connection.append(types.SimpleConnection(name=name))
    return catalog


def statements(script: str) -> list[str]:
    """Return the statements of a script, with the comments before them."""
    location = types.ParseResumeLocation(input=script, byte_position=0)
    service = ZetaSqlLocalService.get_instance()
    found, written = [], script.encode()
    while written[location.byte_position :].strip():
        start = location.byte_position
        # `Parser.parse_next_statement` takes bytes for characters, and ends before the last ones.
        answer = service.parse(parse_resume_location=location, options=OPTIONS.language_options)
        location.byte_position = answer.resume_byte_position
        found.append(written[start : location.byte_position].decode().rstrip("; \n"))
    return found


def analyzed(sql: str, catalog: types.SimpleCatalog, graph: Json) -> Json:
    """Return the kind of a statement and its columns, and put into the catalog what it makes.

    `graph` has the columns that an imported model takes and gives, which its file says.
    """
    parsed = Parser.parse_statement_static(sql, OPTIONS.language_options)
    if isinstance(parsed, types.ASTAuxLoadDataStatement):
        # BigQuery makes this table; the engine wants it to be there.
        catalog.table.append(_table(parsed.name.names[0].id_string, {}))
    statement = Analyzer(OPTIONS, catalog).analyze_statement(sql)
    columns: Columns = {}
    if isinstance(statement, types.ResolvedAuxLoadDataStmt):
        columns = {c.name: NAMES[c.type.type_kind] for c in statement.column_definition_list}
        catalog.table[-1] = _table(statement.name_path[0], columns)
    elif isinstance(statement, types.ResolvedCreateFunctionStmt):
        catalog.custom_function.append(_function(statement))
    elif isinstance(statement, types.ResolvedCreateModelStmt):
        _add_model(catalog, statement.name_path[0], graph)
    else:
        columns = {c.name: NAMES[c.column.type.type_kind] for c in statement.output_column_list}
    if isinstance(statement, types.ResolvedCreateViewStmt):
        catalog.table.append(_table(statement.name_path[0], columns))
    kind = type(statement).__name__.removeprefix("Resolved").removesuffix("Stmt")
    return {"kind": kind, "columns": columns, "query": getattr(statement, "sql", None)}


def _table(name: str, columns: Columns) -> types.SimpleTable:
    table = TableBuilder(name)
    for column, kind in columns.items():
        table.add_column(column, KINDS[kind])
    return table.build()


def _function(statement: types.ResolvedCreateFunctionStmt) -> types.Function:
    fixed = types.SignatureArgumentKind.ARG_TYPE_FIXED
    arguments = [
        types.FunctionArgumentType(kind=fixed, type=each.type, num_occurrences=1)
        for each in statement.signature.argument
    ]
    returned = types.FunctionArgumentType(kind=fixed, type=statement.return_type)
    return types.Function(
        name_path=statement.name_path,
        group="remote",
        mode=types.FunctionEnums.Mode.SCALAR,
        signature=[types.FunctionSignature(argument=arguments, return_type=returned)],
    )


def _add_model(catalog: types.SimpleCatalog, name: str, graph: Json) -> None:
    """Add a model, and the function that asks it for rows of exactly its inputs."""
    catalog.model.append(types.SimpleModel(id=1, name=name))
    inputs = [types.TVFRelationColumn(name=n, type=_type(k)) for n, k in graph["inputs"].items()]
    outputs = graph["inputs"] | graph["outputs"]
    predict = TVFBuilder("PREDICT").set_output_schema(
        [(output, KINDS[kind]) for output, kind in outputs.items()]
    )
    function = predict.build()
    rows = types.FunctionArgumentTypeOptions(
        relation_input_schema=types.TVFRelation(column=inputs, is_value_table=False),
        extra_relation_input_columns_allowed=False,
    )
    kinds = types.SignatureArgumentKind
    function.signature.argument = [
        types.FunctionArgumentType(kind=kinds.ARG_TYPE_MODEL, num_occurrences=1),
        types.FunctionArgumentType(kind=kinds.ARG_TYPE_RELATION, options=rows, num_occurrences=1),
    ]
    catalog.catalog.append(types.SimpleCatalog(name="ML", custom_tvf=[function]))


def _type(kind: str) -> types.Type:
    return types.Type(type_kind=KINDS[kind])

"""A client of BigQuery whose queries run on Google's SQL engine, for Ibis to connect to."""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from .zetasql import RefusedError, Rows, ZetaSQL

ARROW = {
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "FLOAT64": pa.float64(),
    "INT64": pa.int64(),
    "STRING": pa.string(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}
SESSION = bigquery.DatasetReference("p", "session")


class Answer:
    """The rows that a query answers."""

    def __init__(self, found: Rows) -> None:
        columns = [[row[i] for row in found.rows] for i in range(len(found.columns))]
        self._table = pa.table(
            {
                name: pa.array(values, pa.string()).cast(ARROW[kind])
                if kind in {"DATE", "DATETIME", "TIMESTAMP"}
                else pa.array(values, ARROW[kind])
                for (name, kind), values in zip(found.columns.items(), columns, strict=True)
            }
        )

    def to_arrow(self, **_: object) -> pa.Table:
        return self._table

    def to_arrow_iterable(self, **_: object) -> list[pa.RecordBatch]:
        batches: list[pa.RecordBatch] = self._table.to_batches()
        return batches


class Job:
    """A job that is done at once."""

    destination = bigquery.TableReference(SESSION, "job")

    def result(self) -> None:
        """Do nothing."""


class Client:
    """What Ibis asks of a `google.cloud.bigquery.Client`."""

    project = "p"

    def __init__(self, engine: ZetaSQL, tables: dict[str, Rows]) -> None:
        self.default_query_job_config = bigquery.QueryJobConfig()
        self.tables = tables
        self._engine = engine

    def get_table(self, reference: bigquery.TableReference) -> bigquery.Table:
        if str(reference) not in self.tables:
            raise NotFound(f"Not found: Table {reference}")
        fields = self.tables[str(reference)].columns.items()
        return bigquery.Table(reference, [bigquery.SchemaField(*field) for field in fields])

    def query_and_wait(self, sql: str, **_: object) -> Answer:
        # BigQuery takes a path in three pairs of backticks or in one, as the engine's catalog.
        query = re.sub(r"`(\w+)`\.`(\w+)`\.`(\w+)`", r"`\1.\2.\3`", sql)
        created = re.match(r"CREATE OR REPLACE TABLE `(.+?)` AS ", query)
        if created:
            query = query[created.end() :]
        try:
            found = self._engine.execute(query, self.tables)
        except RefusedError as error:
            raise BadRequest(str(error)) from error
        if created:
            self.tables[created[1]] = found
        return Answer(found)

    def query(self, *_: object, **__: object) -> Job:
        return Job()

    def load_table_from_dataframe(
        self,
        frame: pd.DataFrame,
        reference: bigquery.TableReference,
        *,
        job_config: bigquery.LoadJobConfig,
        **_: object,
    ) -> Job:
        columns = {field.name: field.field_type for field in job_config.schema}
        rows: list[list[Any]] = frame.astype(object).to_numpy().tolist()
        self.tables[str(reference)] = Rows(columns, rows)
        return Job()

    def delete_table(self, table: bigquery.TableReference, **_: object) -> None:
        self.tables.pop(str(table), None)

"""Values of rows as the engine takes and gives them, for its own environment."""

from datetime import date, datetime, timedelta
from typing import Final

from zetasql.types import TypeKind
from zetasql.wasi._pb2.zetasql.public import value_pb2

KINDS: Final = {
    "BOOL": TypeKind.TYPE_BOOL,
    "DATE": TypeKind.TYPE_DATE,
    "DATETIME": TypeKind.TYPE_DATETIME,
    "FLOAT64": TypeKind.TYPE_DOUBLE,
    "INT64": TypeKind.TYPE_INT64,
    "STRING": TypeKind.TYPE_STRING,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
}
NAMES: Final = {kind: name for name, kind in KINDS.items()} | {TypeKind.TYPE_STRUCT: "STRUCT"}
PLAIN: Final = {
    "BOOL": "bool_value",
    "FLOAT64": "double_value",
    "INT64": "int64_value",
    "STRING": "string_value",
}
EPOCH: Final = date(1970, 1, 1)
# The bits of a DATETIME from its second upwards: minute, hour, day and month, then the year.
BITS: Final = (6, 6, 5, 5, 4)

type Value = bool | float | int | str | list[Value] | None


def encoded(kind: str, value: Value) -> value_pb2.ValueProto:
    """Return a value as the engine takes it; dates and times are given in ISO 8601."""
    if value is None:
        return value_pb2.ValueProto()
    if kind in PLAIN:
        return value_pb2.ValueProto(**{PLAIN[kind]: value})
    if kind == "DATE":
        return value_pb2.ValueProto(date_value=(date.fromisoformat(str(value)) - EPOCH).days)
    time = datetime.fromisoformat(str(value))
    if kind == "TIMESTAMP":
        message = value_pb2.ValueProto()
        message.timestamp_value.FromDatetime(time)
        return message
    seconds = time.year
    for bits, part in zip(
        reversed(BITS), (time.month, time.day, time.hour, time.minute, time.second), strict=True
    ):
        seconds = seconds << bits | part
    return value_pb2.ValueProto(
        datetime_value=value_pb2.ValueProto.Datetime(
            bit_field_datetime_seconds=seconds, nanos=time.microsecond * 1000
        )
    )


def decoded(message: value_pb2.ValueProto) -> Value:
    """Return what the engine gives, the inverse of `encoded`."""
    field = message.WhichOneof("value")
    if field is None:
        return None
    value = getattr(message, field)
    if field == "struct_value":
        return [*map(decoded, value.field)]
    if field == "date_value":
        return (EPOCH + timedelta(days=value)).isoformat()
    if field == "timestamp_value":
        return f"{value.ToDatetime().isoformat()}+00:00"
    if field != "datetime_value":
        plain: Value = value
        return plain
    rest, parts = value.bit_field_datetime_seconds, []
    for bits in BITS:
        parts.append(rest & (1 << bits) - 1)
        rest >>= bits
    second, minute, hour, day, month = parts
    return datetime(rest, month, day, hour, minute, second, value.nanos // 1000).isoformat()

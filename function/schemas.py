"""The JSON that the routes take and answer, as types and as JSON Schema for one model."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from .bigquery import INTEGER, OPTIONS, Call, Calls
from .evidence import TrainingFlights
from .explain import Explanation
from .flights import DAY_SO_FAR, MAX_FLIGHTS, SCHEDULED, Flight, Payload
from .metadata import Categories, Metadata

type Described = dict[str, Any]
type Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

REFERENCE: Final = "#/components/schemas/{name}"
MAX_ENUM: Final = 50  # the most categories that a schema lists; `GET /model` lists them all

TIME_PATTERN: Final = (
    "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ Tt]"
    r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?$"
)

_TIME: Final[Described] = {"type": "string", "pattern": TIME_PATTERN}
_NULL: Final[Described] = {"type": "null"}


class Prediction(msgspec.Struct):
    """For each flight, in order: 1 for a delay, 0 for none; and what the flags ask for."""

    predict: list[Literal[0, 1]]
    probability: list[Share] | msgspec.UnsetType = msgspec.UNSET
    training: list[TrainingFlights] | msgspec.UnsetType = msgspec.UNSET


class Health(msgspec.Struct):
    """The function answers."""

    status: Literal["OK"]


class Fault(msgspec.Struct):
    """What is wrong with a request, and the path of the place in it, if there is one."""

    error: str
    path: str | msgspec.UnsetType = msgspec.UNSET


class Replies(msgspec.Struct):
    """For each call, in order: the probability, or the delay where the context asks for it."""

    replies: list[Share | None]


class CallFault(msgspec.Struct):
    """What BigQuery shows its user."""

    errorMessage: str  # noqa: N815  # BigQuery's name


def schemas_of(metadata: Metadata) -> dict[str, Described]:
    """Return the schemas of all requests and answers by name, with a model's categories."""
    types = [Payload, Fault, Calls, CallFault, Prediction, Explanation, Replies, Health, Metadata]
    _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    flight, payload, calls, call = (
        schemas[each.__name__] for each in (Flight, Payload, Calls, Call)
    )
    for schema in schemas.values():
        if schema not in (flight, payload, calls, call):  # requests may hold more, answers do not
            schema["additionalProperties"] = False
    model = schemas[Metadata.__name__]
    model["required"] = list(metadata.public())
    model["properties"] = {field: model["properties"][field] for field in metadata.public()}
    flight["properties"] = _flight(metadata.categories)
    flight["anyOf"] = [
        {"properties": {DAY_SO_FAR: _NULL}},
        {"properties": {SCHEDULED: _TIME}, "required": [SCHEDULED]},
    ]
    payload["properties"]["flights"]["maxItems"] = MAX_FLIGHTS
    _describe_calls(calls, call, flight["properties"])
    return schemas


def _flight(categories: Categories) -> Described:
    text = "The scheduled local time, within a day of the month `MES`"
    scheduled = {
        "anyOf": [_TIME, _NULL],
        "default": None,
        "description": text,
    }
    share = {"type": "number", "minimum": 0, "maximum": 1}
    day = {
        "anyOf": [share, _NULL],
        "default": None,
        "description": f"The day so far, beside `{SCHEDULED}`: of the flights that were scheduled "
        "in the last three hours, up to 15 minutes ago, the share that left more than 15 minutes "
        "late, or has not left and is late by now",
    }
    return {
        "OPERA": _category("string", categories.OPERA),
        "TIPOVUELO": _category("string", categories.TIPOVUELO),
        "MES": _category("integer", categories.MES),
        SCHEDULED: scheduled,
        DAY_SO_FAR: day,
    }


def _category(type_: str, known: Sequence[str | int]) -> Described:
    if len(known) <= MAX_ENUM:
        return {"type": type_, "enum": list(known)}
    return {"type": type_, "description": f"One of the {len(known)} values that `/model` lists"}


def _describe_calls(calls: Described, call: Described, flight: Mapping[str, Described]) -> None:
    """Say in the schemas what values the arguments have, which follows from the context."""
    airline, flight_type, month, scheduled, day = flight.values()
    months = {"anyOf": [month, {"enum": [str(value) for value in month["enum"]]}]}
    known = {"prefixItems": [airline, flight_type, months]}
    integer = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{INTEGER}$"}]}
    text = {"type": "string"}
    nulls = [{"prefixItems": [*[{}] * place, _NULL]} for place in range(3)]
    call["anyOf"] = [
        {"prefixItems": [text, text, integer, scheduled, _NULL]},
        {"prefixItems": [text, text, integer, _TIME, day]},
        *nulls,
    ]
    options = {name: {"enum": [*values]} for name, values in OPTIONS.items()}
    properties = calls["properties"]
    properties["calls"]["maxItems"] = MAX_FLIGHTS
    properties["userDefinedContext"]["anyOf"][0]["properties"] = options
    calls["anyOf"] = [
        {"properties": {"calls": {"items": {"anyOf": [known, *nulls]}}}},
        {
            "properties": {"userDefinedContext": {"type": "object", "required": ["unknown"]}},
            "required": ["userDefinedContext"],
        },
    ]

"""The names that a table gives its columns."""

from dataclasses import dataclass, fields
from typing import Final

# The options that name a column, by field of `Columns`.
OPTIONS: Final = {
    "airline": "--airline",
    "flight_type": "--type",
    "month": "--month",
    "scheduled": "--scheduled",
    "actual": "--actual",
    "delay": "--delay",
    "delay_minutes": "--delay-minutes",
    "day": "--day-so-far",
}


@dataclass(frozen=True)
class Columns:
    """The columns of a table of flights; the defaults are the challenge's.

    `delay` and `delay_minutes` are ready columns that replace `actual`. `day` is a ready column of
    the day so far, a share of flights, which only scoring reads. `types` maps flight types
    to those of the model, and `type_value` is the type of all flights. A column of the month or of
    the scheduled time that bears its default name may be missing where it is not needed. An empty
    `scheduled` reads no times.
    """

    airline: str = "OPERA"
    flight_type: str = "TIPOVUELO"
    month: str = "MES"
    scheduled: str = "Fecha-I"
    actual: str = "Fecha-O"
    delay: str | None = None
    delay_minutes: str | None = None
    day: str | None = None
    type_value: str | None = None
    types: tuple[tuple[str, str], ...] = ()

    def named(self, role: str) -> bool:
        """Whether this column has another name than the challenge's."""
        return bool(getattr(self, role) != _DEFAULTS[role])


_DEFAULTS: Final = {field.name: field.default for field in fields(Columns)}

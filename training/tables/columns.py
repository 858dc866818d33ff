"""The names that a table gives its columns."""

import msgspec

# Where a column's option and its key in `data/airport.toml` have another name than its field.
_NAMES = {"flight_type": "type", "day": "day_so_far"}


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=_NAMES):
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
        return bool(getattr(self, role) != getattr(_CHALLENGE, role))


_CHALLENGE = Columns()


def option_of(role: str) -> str:
    """Return the option of the command line that names a column."""
    return f"--{_NAMES.get(role, role).replace('_', '-')}"

"""Columns that a table lacks, and those it has that come near them."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from training.errors import RECIPES, DataError

from .columns import option_of
from .sources import MAX_COLUMNS, Source

NEAR: Final = 2  # columns that are suggested for one
# Parts of the names that public tables give to a role.
WORDS: Final = {
    "airline": ("airline", "carrier", "operator", "company", "empresa", "compania", "aerolinea"),
    "flight_type": ("type", "tipo", "kind"),
    "month": ("month", "mes"),
    "scheduled": ("sched", "crsdep", "std", "planned", "previst", "programad", "fechai"),
    "actual": ("actual", "deptime", "departuretime", "depreal", "atd", "fechao"),
    "delay": ("late", "delayed", "del15", "flag"),
    "delay_minutes": ("depdelay", "departuredelay", "delaymin", "delay", "retras", "atraso"),
}
# Options that do without a column of this role.
INSTEAD: Final = {"flight_type": "--type-value", "actual": "--delay-minutes"}


def check_columns(source: Source, roles: Mapping[str, str]) -> None:
    """Raise `DataError` unless the source has a column for each role; name all that it lacks."""
    has = source.table.columns
    lacking = {role: name for role, name in roles.items() if name not in has}
    if not lacking:
        return
    names = ", ".join(f"`{name}`" for name in lacking.values())
    listed = ", ".join(f"`{name}`" for name in has[:MAX_COLUMNS])
    more = ", ..." if len(has) > MAX_COLUMNS else ""
    another = "another" if len(lacking) == 1 else "others"
    advice = ", ".join(_advice(role, name, has) for role, name in lacking.items())
    raise DataError(
        f"Cannot use {source.address}: it has no column {names}. It has {listed}{more}. "
        f"Name {another} by {advice}. {RECIPES}"
    )


def _advice(role: str, name: str, has: Iterable[str]) -> str:
    """Return the options for one role, each with columns that come near."""
    options = {option_of(role): _near(role, name, has)}
    if role in INSTEAD:
        other = INSTEAD[role]
        options[other] = _near("delay_minutes", "delay", has) if role == "actual" else []
    return " or ".join(
        f"{option} ({', '.join(f'`{each}`?' for each in near)})" if near else option
        for option, near in options.items()
    )


def _near(role: str, name: str, has: Iterable[str]) -> list[str]:
    """Return the columns whose names are most like a role's, but for those of arrivals."""
    plain = {_plain(column): column for column in has}
    return [plain[each] for each in dict.fromkeys(_matches(role, _plain(name), plain))][:NEAR]


def _matches(role: str, name: str, plain: Iterable[str]) -> Iterator[str]:
    departing = [each for each in plain if "arr" not in each.replace("carrier", "")]
    yield from get_close_matches(name, departing, 1, 0.8)
    for word in WORDS[role]:
        yield from (each for each in departing if word in each)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())

"""What is no fault of any row, but unlikely in the flights of one airport."""

import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from training.tables.sources import Source

LEAST: Final = 0.01  # of the flights are late
MOST: Final = 0.8
MAX_ORIGINS: Final = 3  # origins
# Columns that hold the airport of departure, in the public tables.
ORIGIN: Final = re.compile(
    r"ori[-_ ]?[io]?|(sigla_?)?(origin|origem|origen|orig|adep)(_?airport)?(_?(code|iata|icao|id))?"
    r"|(airport_)?(dep|departure)_?airport(_?(code|iata|icao))?",
    re.IGNORECASE,
)


# Texts that stand for no value in other tables.
NOTHING: Final = {"null", "none", "nan", "na", "n/a", "nil", "\\n", "-", "?"}


def oddities(source: Source, flights: pd.DataFrame) -> Iterator[str]:
    """Yield a note for a share of late flights, and for names, that are not an airport's."""
    yield from _rate(int(flights["flights"].sum()), int(flights["delayed"].sum()))
    for feature, word in (("OPERA", "airline"), ("TIPOVUELO", "flight type")):
        for name in sorted(set(flights[feature])):
            if name.casefold() in NOTHING:
                number = int(flights.loc[flights[feature] == name, "flights"].sum())
                yield f"The {word} of {number:,} flights is named {name!r}. Is there none?"
    yield from _origins(source)


def _rate(flights: int, late: int) -> Iterator[str]:
    if not LEAST <= late / flights <= MOST:
        yield (
            f"{late / flights:.1%} of the flights are late, which is unlikely. Do the columns hold "
            "what their options say?"
        )


def _origins(source: Source) -> Iterator[str]:
    for name in filter(ORIGIN.fullmatch, source.table.columns):
        origins = source.table.select(origin=source.table[name].cast("string")).distinct()
        found = origins.drop_null("origin").order_by("origin").limit(MAX_ORIGINS + 1)
        with source.trouble(f"read {source.address}"):
            listed = source.engine.to_pyarrow(found)["origin"].to_pylist()
        if len(listed) > 1:
            more = ", ..." if len(listed) > MAX_ORIGINS else ""
            yield (
                f"The flights leave from more than one airport in the column `{name}`: "
                f"{', '.join(listed[:MAX_ORIGINS])}{more}. A model is of one airport's flights."
            )

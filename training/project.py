"""Where the project keeps its files, and the airport that it is set up for."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from training.errors import UserError
from training.tables.columns import Columns

ROOT: Final = Path(__file__).parents[1]
ARTIFACTS: Final = ROOT / "artifacts"
SCL_2017: Final = ROOT / "data" / "scl_2017.csv"
AIRPORT: Final = ROOT / "data" / "airport.toml"
ENGINES: Final = ("bigquery:", "spark:")


class Airport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `data/airport.toml` says: the flights, whose they are, and the names of their columns.

    `data` is the address of flights or counts. With `drop_bad`, bad rows of flights are left
    out, and with `drop_many` any number of them. `types` maps flight types of the table to those of
    the model.
    """

    data: str
    place: str | None = None
    period: str | None = None
    columns: Columns = Columns()
    types: dict[str, str] = {}
    drop_bad: bool = False
    drop_many: bool = False


def load(path: Path = AIRPORT) -> Airport:
    """Read the settings of an airport; raise `UserError` for what is not one of them.

    A file of flights is looked up from the root of the project.
    """
    try:
        read = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Airport)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UserError(f"Cannot read {path}: {error}.") from error
    data = read.data if read.data.startswith(ENGINES) else str(ROOT / read.data)
    types = (*read.columns.types, *sorted(read.types.items()))
    return replace(read, data=data, columns=replace(read.columns, types=types))


def airport_of(
    data: str | None = None, place: str | None = None, period: str | None = None
) -> Airport:
    """Return the airport of the flights at `data`, or this project's.

    The place and period of this project are those of its own data; other flights have what is said.
    """
    ours = load()
    if data is None or data == ours.data or ROOT / data == ROOT / ours.data:
        data, place, period = ours.data, place or ours.place, period or ours.period
    return replace(ours, data=data, place=place, period=period)

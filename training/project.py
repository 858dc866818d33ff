"""Where the project keeps its files, and the airport that it is set up for."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from training.errors import UserError
from training.flights.columns import Columns

ROOT: Final = Path(__file__).parents[1]
ARTIFACTS: Final = ROOT / "artifacts"
SCL_2017: Final = ROOT / "data" / "scl_2017.csv"
AIRPORT: Final = ROOT / "data" / "airport.toml"
ENGINES: Final = ("bigquery:", "spark:")


class Airport(msgspec.Struct, frozen=True):
    """What `data/airport.toml` says: the flights, whose they are, and the names of their columns.

    `data` is the address of flights or counts. With `drop_bad`, bad rows of flights are left
    out, and with `drop_many` any number of them.
    """

    data: str
    place: str | None
    period: str | None
    columns: Columns
    drop_bad: bool = False
    drop_many: bool = False


class _Columns(msgspec.Struct, forbid_unknown_fields=True):
    airline: str = "OPERA"
    type: str = "TIPOVUELO"
    month: str = "MES"
    scheduled: str = "Fecha-I"
    actual: str = "Fecha-O"
    delay: str | None = None
    delay_minutes: str | None = None
    type_value: str | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    data: str
    place: str | None = None
    period: str | None = None
    drop_bad: bool = False
    drop_many: bool = False
    columns: _Columns = msgspec.field(default_factory=_Columns)
    types: dict[str, str] = {}


def load(path: Path = AIRPORT) -> Airport:
    """Read the settings of an airport; raise `UserError` for what is not one of them.

    A file of flights is looked up from the root of the project.
    """
    try:
        read = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UserError(f"Cannot read {path}: {error}.") from error
    data = read.data if read.data.startswith(ENGINES) else str(ROOT / read.data)
    names = msgspec.structs.asdict(read.columns)
    columns = Columns(
        flight_type=names.pop("type"), types=tuple(sorted(read.types.items())), **names
    )
    return Airport(data, read.place, read.period, columns, read.drop_bad, read.drop_many)


def airport_of(
    data: str | None = None, place: str | None = None, period: str | None = None
) -> Airport:
    """Return the airport of the flights at `data`, or this project's.

    The place and period of this project are those of its own data; other flights have what is said.
    """
    ours = load()
    if data is None or data == ours.data or ROOT / data == ROOT / ours.data:
        data, place, period = ours.data, place or ours.place, period or ours.period
    return msgspec.structs.replace(ours, data=data, place=place, period=period)

"""What training tells the function, inside the model file itself."""

from typing import Final, Self

import msgspec

# Bump when a deployed function would misread a newer model. Adding a key needs no bump: the
# function ignores unknown keys.
FORMAT_VERSION: Final = 3

WEEKDAYS: Final = ("Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo")
HOURS: Final = (-1, *range(24))  # -1: the time is not given
DAYS: Final = ("", *WEEKDAYS)  # "": the time is not given
# The day so far is a share of late flights; a range begins at each of these and at 0.
SHARES: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
RANGES: Final = (-1, *range(len(SHARES) + 1))  # -1: the share is not given


class Categories(msgspec.Struct, frozen=True):
    """The categories of each feature, in one-hot order.

    `HORA` and `DIANOM` are `HOURS` and `DAYS` where the model knows scheduled times, `HOY` is
    `RANGES` where it knows the day so far. Elsewhere they hold only "not given".
    """

    OPERA: tuple[str, ...]
    TIPOVUELO: tuple[str, ...]
    MES: tuple[int, ...]
    HORA: tuple[int, ...] = HOURS[:1]
    DIANOM: tuple[str, ...] = DAYS[:1]
    HOY: tuple[int, ...] = RANGES[:1]

    @property
    def width(self) -> int:
        """K, the width of a one-hot row."""
        return sum(map(len, msgspec.structs.astuple(self)))

    @property
    def timed(self) -> bool:
        """Whether the model knows scheduled times."""
        return len(self.HORA) > 1

    @property
    def knows_day(self) -> bool:
        """Whether the model knows the day so far."""
        return len(self.HOY) > 1


class CellCounts(msgspec.Struct, frozen=True, array_like=True):
    """The training flights of a cell, as `Cells` numbers it: how many, and how many were delayed.

    The cells of `Metadata.timed_training_counts` are without the day so far. Those of
    `Metadata.training_counts` are numbered over (OPERA, TIPOVUELO, MES) alone, MES the last digit.
    """

    cell: int
    flights: int
    delayed: int


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of a model: one entry a key, each in JSON.

    A flight is predicted late when its probability exceeds `threshold`, a float32, which is the
    delay rate of the training flights: the decision that balanced classes give.
    """

    format_version: int
    model_version: str  # the first 12 hex digits of the SHA-256 of booster.ubj
    place: str | None  # where the flights depart, such as "Santiago (SCL)"
    period: str | None  # when they departed, such as "2017"
    categories: Categories
    threshold: float
    training_delay_rate: float
    training_counts: tuple[CellCounts, ...]
    timed_training_counts: msgspec.Raw  # of CellCounts; 100 kB, decoded when first needed
    counts_sha256: str  # of the canonical CSV of all counts, validation included
    # On flights of weeks that the answering models have not seen, with standard errors (`_error`):
    metrics: dict[str, float]  # asked without their times
    timed_metrics: dict[str, float] | None  # with their times
    day_metrics: dict[str, float] | None  # with the day so far, the flights that have it
    # The variance of a week's number of late flights of an airline, type and month, divided by
    # that of independent flights.
    design_effect: float
    libraries: dict[str, str]

    @classmethod
    def from_properties(cls, properties: dict[str, str]) -> Self:
        """Decode ONNX `metadata_props`; raise `ValueError` where they are not of this format."""
        version = properties.get("format_version")
        if version != str(FORMAT_VERSION):
            raise ValueError(f"its format version is {version}, expected {FORMAT_VERSION}")
        ours = (
            f'"{name}":{properties[name]}' for name in cls.__struct_fields__ if name in properties
        )
        return msgspec.json.decode(f"{{{','.join(ours)}}}", type=cls)

    def public(self) -> dict[str, object]:
        """Return what `GET /model` shows: everything but the counts of timed cells."""
        fields = msgspec.structs.asdict(self)
        del fields["timed_training_counts"]
        return fields

    def to_properties(self) -> dict[str, str]:
        """Encode for `metadata_props`, the inverse of `from_properties`."""
        return {
            field: msgspec.json.encode(getattr(self, field)).decode()
            for field in self.__struct_fields__
        }

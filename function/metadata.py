"""What training tells the function, inside the model file itself."""

from typing import Final, Self

import msgspec

# Bump when a deployed function would misread a newer model. Adding a key needs no bump: the
# function ignores unknown keys.
FORMAT_VERSION: Final = 2

WEEKDAYS: Final = ("Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo")
HOURS: Final = (-1, *range(24))  # -1: the time is not given
DAYS: Final = ("", *WEEKDAYS)  # "": the time is not given


class Categories(msgspec.Struct, frozen=True):
    """The categories of each feature, in one-hot order.

    `HORA` and `DIANOM` are `HOURS` and `DAYS` where the model knows scheduled times, and hold only
    "not given" where it does not.
    """

    OPERA: tuple[str, ...]
    TIPOVUELO: tuple[str, ...]
    MES: tuple[int, ...]
    HORA: tuple[int, ...] = HOURS[:1]
    DIANOM: tuple[str, ...] = DAYS[:1]

    def __len__(self) -> int:
        """Return K, the width of a one-hot row."""
        return sum(map(len, msgspec.structs.astuple(self)))

    @property
    def timed(self) -> bool:
        """Whether the model knows scheduled times."""
        return len(self.HORA) > 1


class CellCounts(msgspec.Struct, frozen=True, array_like=True):
    """The training flights of a cell: how many, and how many of them were delayed.

    In `Metadata.training_counts`, cells are numbered over (OPERA, TIPOVUELO, MES) alone, MES the
    fastest. In `Metadata.timed_training_counts` they are numbered as `Encoder` does.
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
    metrics: dict[str, float]  # on the validation flights, asked without their times
    timed_metrics: dict[str, float] | None  # on the same flights, asked with their times
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

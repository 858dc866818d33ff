"""What training tells the function, inside the model file itself."""

from typing import Self

import msgspec

# Raise it when a function of before would read a newer model wrongly. A new key is no reason:
# unknown keys are passed over.
FORMAT_VERSION = 1


class Categories(msgspec.Struct, frozen=True):
    """The categories of each feature, in one-hot order."""

    OPERA: tuple[str, ...]
    TIPOVUELO: tuple[str, ...]
    MES: tuple[int, ...]

    def __len__(self) -> int:
        """Return K, the width of a one-hot row."""
        return len(self.OPERA) + len(self.TIPOVUELO) + len(self.MES)


class CellCounts(msgspec.Struct, frozen=True, array_like=True):
    """How many flights of a cell training saw, and how many of them were delayed.

    Cells are numbered as `Encoder` does: (OPERA, TIPOVUELO, MES) as digits, MES the fastest.
    """

    cell: int
    flights: int
    delayed: int


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of a model, one entry a key, each in JSON.

    A flight is predicted late when its probability exceeds `threshold`, a float32, which is the
    delay rate of the training flights: the decision is the one that balanced classes give.
    """

    format_version: int
    model_version: str  # the first 12 hex digits of the SHA-256 of booster.ubj
    categories: Categories
    threshold: float
    training_delay_rate: float
    training_counts: tuple[CellCounts, ...]
    counts_sha256: str  # of the canonical CSV of all counts, those of validation too
    metrics: dict[str, float]  # on the validation flights
    libraries: dict[str, str]

    @classmethod
    def from_properties(cls, properties: dict[str, str]) -> Self:
        """Decode ONNX `metadata_props`; raise `ValueError` where they are not of this format."""
        version = properties.get("format_version")
        if version != str(FORMAT_VERSION):
            raise ValueError(f"its format version is {version}, expected {FORMAT_VERSION}")
        decoded = {key: msgspec.json.decode(text) for key, text in properties.items()}
        return msgspec.convert(decoded, cls)

    def to_properties(self) -> dict[str, str]:
        """Encode for `metadata_props`, the inverse of `from_properties`."""
        return {
            field: msgspec.json.encode(getattr(self, field)).decode()
            for field in self.__struct_fields__
        }

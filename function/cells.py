"""The numbers of cells: a cell is one combination of the categories of all features."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from .metadata import Categories

type Numbers = NDArray[np.int64]

FEATURES: Final = Categories.__struct_fields__


class Cells:
    """Number the cells of a model, from 0.

    A number is written in mixed radix, a digit for each feature in the order of `FEATURES`, `HOY`
    being the last digit. A digit is the place of a category among those of its feature. Digit 0 of
    `HORA`, `DIANOM` and `HOY` is "not given". Nothing is kept of all cells, of which there are
    23 x 2 x 12 x 25 x 8 x 9 for Santiago.
    """

    def __init__(self, categories: Categories) -> None:
        self.sizes = [len(known) for known in msgspec.structs.astuple(categories)]
        self.strides = [int(np.prod(self.sizes[i + 1 :])) for i in range(len(self.sizes))]
        # The cells of an airline, type and month: without a time first, then with each.
        self.per_month = self.strides[FEATURES.index("MES")]

    def number(self, digits: Sequence[NDArray[np.integer]]) -> Numbers:
        """Return the cells with these digits, an array of [N] for each feature."""
        cells = np.zeros(len(digits[0]), np.int64)
        for stride, digit in zip(self.strides, digits, strict=True):
            cells += stride * digit
        return cells

    def digits(self, cells: Numbers) -> list[Numbers]:
        """Return the digits of cells, an array of [N] for each feature."""
        return [*np.unravel_index(cells, self.sizes)]

    def keep(self, cells: Numbers, features: Collection[str]) -> Numbers:
        """Return the cells with the digits of all other features set to 0, [N]."""
        kept = np.zeros_like(cells)
        for name, stride, size in zip(FEATURES, self.strides, self.sizes, strict=True):
            if name in features:
                kept += cells // stride % size * stride
        return kept

    def without_day(self, cells: Numbers) -> Numbers:
        """Return the cells of the same flights, asked without the day so far, [N]."""
        return cells - cells % self.sizes[-1]

    def without_time(self, cells: Numbers) -> Numbers:
        """Return the cells of the same flights, asked without their times, [N]."""
        return cells - cells % self.per_month

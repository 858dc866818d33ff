"""Cells are numbered in mixed radix, and parts of a number can be taken away."""

import itertools

import numpy as np
import pytest

from function.cells import FEATURES, Cells
from function.metadata import DAYS, HOURS, RANGES, Categories

AIRPORTS = {
    "with the day": Categories(("A", "B", "C"), ("I", "N"), (1, 2, 5, 7), HOURS, DAYS, RANGES),
    "with times": Categories(("A", "B", "C"), ("I", "N"), (1, 2, 5, 7), HOURS, DAYS),
    "without times": Categories(("A", "B", "C"), ("I",), (1, 2, 5, 7)),
}


@pytest.fixture(params=AIRPORTS.values(), ids=[*AIRPORTS])
def numbers(request: pytest.FixtureRequest) -> Cells:
    return Cells(request.param)


def digits_of(numbers: Cells) -> list[tuple[int, ...]]:
    """Return the digits of all cells in their order."""
    return [*itertools.product(*map(range, numbers.sizes))]


def test_the_last_feature_is_the_last_digit() -> None:
    numbers = Cells(AIRPORTS["with the day"])
    assert FEATURES == ("OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM", "HOY")
    assert numbers.sizes == [3, 2, 4, 25, 8, 9]
    assert numbers.strides == [14_400, 7200, 1800, 72, 9, 1]
    assert numbers.per_month == 1800


def test_numbers_and_digits_are_each_others_inverse(numbers: Cells) -> None:
    digits = np.array(digits_of(numbers)).T
    cells = numbers.number([*digits])
    assert cells.dtype == np.int64
    assert np.array_equal(cells, np.arange(np.prod(numbers.sizes)))
    assert np.array_equal(np.array(numbers.digits(cells)), digits)


@pytest.mark.parametrize("kept", [(), ("OPERA",), ("MES", "HOY"), ("HORA", "DIANOM"), FEATURES])
def test_kept_features_have_their_digits_and_others_zero(
    numbers: Cells, kept: tuple[str, ...]
) -> None:
    digits = np.array(digits_of(numbers)).T
    expected = [row * (name in kept) for name, row in zip(FEATURES, digits, strict=True)]
    found = numbers.keep(np.arange(np.prod(numbers.sizes)), kept)
    assert np.array_equal(found, numbers.number(expected))


def test_a_cell_is_found_without_its_day_and_without_its_time(numbers: Cells) -> None:
    cells = np.arange(np.prod(numbers.sizes))
    assert np.array_equal(numbers.without_day(cells), numbers.keep(cells, FEATURES[:5]))
    assert np.array_equal(numbers.without_time(cells), numbers.keep(cells, FEATURES[:3]))

"""Bytes that are nearly a file of flights are counted or refused: the short run of the fuzzer."""

import random

import pytest

from tests.fuzz.readers import check, good, mutated


# Most of Parquet is offsets and sums, so few of its mutations are still read.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "ends"), [(".csv", {"counted", "refused"}), (".parquet", {"refused"})]
)
def test_mutated_files_are_counted_or_refused(suffix: str, ends: set[str]) -> None:
    content, rng = good(suffix), random.Random(3)  # noqa: S311  # forms of files, no secrets
    assert check(content, suffix) == "counted"
    assert {check(mutated(content, rng), suffix) for _ in range(25)} >= ends

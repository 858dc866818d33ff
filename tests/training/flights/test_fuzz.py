"""Bytes that are nearly a file of flights are counted or refused: the short run of the fuzzer."""

import random

import pytest

from tests.fuzz.readers import check, good, mutated


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_mutated_files_are_counted_or_refused(suffix: str) -> None:
    content, rng = good(suffix), random.Random(3)  # noqa: S311  # forms of files, no secrets
    assert check(content, suffix) == "counted"
    assert {check(mutated(content, rng), suffix) for _ in range(40)} == {"counted", "refused"}

"""The README's SQL gives the day so far of today's flights."""

import re
from datetime import datetime, timedelta

import duckdb
import pytest

from tests.support.paths import ROOT

NOW = datetime(2017, 7, 14, 19, 0)


def share(*departures: tuple[int, int | None]) -> float | None:
    """Ask the SQL, of flights by their minutes before now and their delays, null if not gone."""
    text = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```sql\n(SELECT CASE .*?)```", text, re.DOTALL)
    assert found
    connection = duckdb.connect()
    connection.execute("CREATE TABLE departures (scheduled TIMESTAMP, actual TIMESTAMP)")
    for before, delay in departures:
        scheduled = NOW - timedelta(minutes=before)
        actual = None if delay is None else scheduled + timedelta(minutes=delay)
        connection.execute("INSERT INTO departures VALUES (?, ?)", [scheduled, actual])
    query = found[1].replace("current_localtimestamp()", f"TIMESTAMP '{NOW}'")
    row = connection.execute(query).fetchone()
    assert row
    value: float | None = row[0]
    return value


@pytest.mark.parametrize(
    ("departures", "expected"),
    [
        pytest.param([(60, 16)] * 2 + [(60, 15)] * 3, 0.4, id="more than 15 minutes"),
        pytest.param([(60, 16)] * 4, None, id="fewer than five"),
        pytest.param([(60, 0)] * 5, 0.0, id="none late"),
        pytest.param([(60, None)] + [(60, 0)] * 4, 0.2, id="not gone, and late by now"),
        pytest.param([(15, None)] + [(60, 0)] * 4, 0.0, id="not gone, and not late yet"),
        pytest.param([(180, 30)] + [(15, 0)] * 4, 0.2, id="both ends"),
        pytest.param([(181, 30), (14, None)] + [(60, 0)] * 5, 0.0, id="beyond the ends"),
        pytest.param([(60, 16)] + [(60, 0)] * 19, 0.05, id="the edge of a range, exactly"),
    ],
)
def test_the_day_so_far_is_that_of_the_readme(
    departures: list[tuple[int, int | None]], expected: float | None
) -> None:
    assert share(*departures) == expected

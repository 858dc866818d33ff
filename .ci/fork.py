"""Another airport's flights through all that this project does, and the way back.

The flights are made up, with odd names, in files and columns of their own. Everything is done as a
fork would: the settings in `data/airport.toml` are replaced, and no code or test is touched.
"""

import csv
import os
import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from outsider import fetch, run

SETTINGS = """\
data = "data/flights-*.csv"
place = "Ñuñoa & Sons (<XXX>)"
drop_bad = true

[columns]
airline = "carrier"
type = "kind"
month = "mon"
scheduled = "sched"
actual = "dep"

[types]
"Long haul" = "I"
Domestic = "N"
"""
AIRLINES = ("#9 Air", "Aéro 'Sud' \"Ouest\"", "zephyr, Ltd", "全日本空輸", "=1+1")
MONTHS = (1, 2, 3, 5, 8, 11, 12)
FLIGHTS = 12_000
CANCELLED = 0.01  # of them
LINES = (
    "make install",
    "make train",
    "make report",
    "git add --all && git -c user.name=Fork -c user.email= commit -qm Fork",
    "make reproduce",
    "make test",
    "make test TESTS='tests/cloud/test_rehearsal.py -k first_push --no-skips'",
    # And back:
    "git checkout --quiet HEAD~1 -- data/airport.toml",
    "make train",
    "make report",
    "git diff --exit-code HEAD~1 -- artifacts",
)


def main() -> None:
    """Make a fork, work in it, and go back; end where a line fails."""
    own = ("CI", "PUNTUAL_FLIGHTS")
    variables = {name: value for name, value in os.environ.items() if name not in own}
    with tempfile.TemporaryDirectory(prefix="fork-") as work:
        fork = Path(work, "fork")
        fetch(fork, archive=False)
        write_flights(fork / "data")
        (fork / "data" / "airport.toml").write_text(SETTINGS)
        for line in LINES:
            run(line, ["bash", "-c", line], fork, variables)


def write_flights(folder: Path) -> None:
    """Write a year of flights, a file for each month; the later the hour, the more are late.

    Some are cancelled: bad rows, which the settings leave out.
    """
    draw = random.Random(11)  # noqa: S311  # not for secrets
    for month in MONTHS:
        with (folder / f"flights-{month:02}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["kind", "sched", "dep", "mon", "carrier", "note"])
            for _ in range(FLIGHTS // len(MONTHS)):
                day, hour = draw.randint(1, 28), draw.choice([0, 6, 7, 12, 18, 23])
                sched = datetime(2024, month, day, hour, draw.randrange(60))  # noqa: DTZ001  # local
                late = draw.random() < 0.05 + hour / 60
                minutes = draw.randint(16, 90) if late else draw.randint(-5, 15)
                dep = sched + timedelta(minutes=minutes)
                left = "" if draw.random() < CANCELLED else dep
                kind = draw.choice(["Long haul", "Domestic"])
                rows.writerow([kind, sched, left, month, draw.choice(AIRLINES), "a, b\nc"])


if __name__ == "__main__":
    main()

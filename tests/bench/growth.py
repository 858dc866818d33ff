"""How counting and scoring grow: `python -m tests.bench.growth`, in a table.

Synthetic flights, drawn from the counts of Santiago, are counted and scored at each size: by this
project, by plain DuckDB SQL, and by rows (pandas, encoder, XGBoost) where they fit. Each is a
process of its own, so that its peak of memory is its own, and they take turns. The seconds are
those of the work, imports apart; the memory is all of it.
"""

import gc
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import duckdb
import typer

from function.metadata import SHARES, WEEKDAYS
from tests.support.commands import succeed
from tests.support.paths import ROOT
from training.flights.look_back import FEWEST

if TYPE_CHECKING:
    import pandas as pd

    from training.flights.counts import Counts

FOLDER: Final = ROOT / ".build" / "growth"
MODEL: Final = ROOT / "artifacts" / "model.onnx"
COUNTS: Final = ROOT / "data" / "scl_2017.csv"
BY_ROWS_UP_TO: Final = 10**6
REPEATS: Final = 5
LOOK_BACK: Final[tuple[tuple[int, Literal["left", "right"]], ...]] = ((240, "left"), (75, "right"))
ONCE_FROM: Final = 100  # millions of flights


def synthesize(flights: int) -> Path:
    """Write that many flights, drawn from the counts of Santiago, unless they are there."""
    path = FOLDER / f"flights_{flights}.parquet"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        duckdb.execute(f"""
            COPY (
                SELECT * EXCLUDE (first, days) FROM (WITH cells AS (
                    SELECT *, sum(flights) OVER (ROWS UNBOUNDED PRECEDING) - flights AS low
                    FROM read_csv('{COUNTS}')
                ), drawn AS (
                    SELECT i, (hash(i) % 68206)::BIGINT AS pos FROM range({flights}) AS r(i)
                )
                SELECT OPERA, TIPOVUELO, MES,
                    make_date(2017, MES, 1) AS first,
                    (list_position({list(WEEKDAYS)}, DIANOM) + 7 - isodow(first)) % 7 AS days,
                    first + (days + 7 * (i % 4))::INT + to_hours(HORA::INT)
                        + to_minutes((i % 60)::INT) AS "Fecha-I",
                    "Fecha-I" + to_minutes(CASE WHEN pos - low < delayed THEN 30 ELSE 5 END)
                        AS "Fecha-O"
                FROM drawn ASOF JOIN cells ON pos >= low)
            ) TO '{part}' (FORMAT parquet)
        """)
        part.replace(path)
    return path


def count_ours(flights: Path) -> "Counts":
    """Count with the project."""
    from training.flights.aggregation import count  # noqa: PLC0415  # what a way needs, it alone loads

    return count(str(flights)).counts


def count_plain(flights: Path) -> list[tuple[object, ...]]:
    """Count with the shortest SQL there is, by week and by the day so far."""
    return duckdb.execute(f"""
        WITH timed AS (
            SELECT OPERA, TIPOVUELO, MES, "Fecha-I" AS scheduled,
                epoch(scheduled)::BIGINT // 60 AS minute,
                "Fecha-O" - scheduled > INTERVAL 15 MINUTE AS late
            FROM '{flights}'
        ), minutes AS (
            SELECT minute, count(*) AS flights, count(*) FILTER (late) AS delayed
            FROM timed GROUP BY minute
        ), shares AS (
            SELECT minute, sum(flights) OVER past AS before,
                CASE WHEN before >= {FEWEST} THEN sum(delayed) OVER past / before END AS share,
                len(list_filter({list(SHARES)}, lambda edge: edge <= share)) AS HOY
            FROM minutes
            WINDOW past AS (ORDER BY minute RANGE BETWEEN 240 PRECEDING AND 75 PRECEDING)
        )
        SELECT OPERA, TIPOVUELO, MES, hour(scheduled), isodow(scheduled), HOY,
            (minute - 5760) // 10080 AS week, count(*), count(*) FILTER (late)
        FROM timed JOIN shares USING (minute) GROUP BY ALL
    """).fetchall()


def count_rows(flights: Path) -> "pd.DataFrame":
    """Count with pandas, row by row."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    table = pd.read_parquet(flights)
    late = table["Fecha-O"] - table["Fecha-I"] > pd.Timedelta(minutes=15)
    time = table["Fecha-I"].dt
    minute = time.floor("min")
    sums = late.groupby(minute).agg(["size", "sum"])
    minutes = sums.index.to_numpy()
    # The flights from four hours before up to 75 minutes before, both included.
    first, last = (
        np.searchsorted(minutes, minutes - np.timedelta64(ago, "m"), side)
        for ago, side in LOOK_BACK
    )
    running = np.vstack([[0, 0], sums.cumsum()])
    before, delayed = (running[last] - running[first]).T
    share = np.where(before >= FEWEST, delayed / np.maximum(before, 1), np.nan)
    day = pd.Series(np.where(before >= FEWEST, np.searchsorted(SHARES, share, "right"), -1))
    week = (time.floor("D") - pd.Timestamp("1970-01-05")).dt.days // 7
    table = table.assign(late=late, hour=time.hour, weekday=time.day_of_week, week=week)
    table["HOY"] = day.to_numpy()[sums.index.get_indexer(minute)]
    keys = ["OPERA", "TIPOVUELO", "MES", "hour", "weekday", "HOY", "week"]
    return table.groupby(keys)["late"].agg(["size", "sum"])


def score_ours(flights: Path) -> None:
    """Score with the project."""
    from training.batch.scoring import score  # noqa: PLC0415

    score(str(flights), str(FOLDER / "ours.parquet"), MODEL)


def score_plain(flights: Path) -> None:
    """Join a table of cells, whose answers are made up, and write: SQL alone."""
    cells = (
        f"SELECT DISTINCT OPERA, TIPOVUELO, MES, HORA, list_position({list(WEEKDAYS)}, DIANOM) AS "
        f"day, MES % 2 AS delay, (MES / 12)::FLOAT AS probability FROM '{COUNTS}'"
    )
    timed = f'SELECT *, hour("Fecha-I") AS HORA, isodow("Fecha-I") AS day FROM \'{flights}\''
    duckdb.execute(
        "COPY (SELECT * EXCLUDE (HORA, day) "
        f"FROM ({timed}) LEFT JOIN ({cells}) USING (OPERA, TIPOVUELO, MES, HORA, day)) "
        f"TO '{FOLDER}/plain.parquet'"
    )


def score_rows(flights: Path) -> None:
    """Score with pandas, encoder and XGBoost, row by row."""
    import pandas as pd  # noqa: PLC0415

    from training.model import DelayModel  # noqa: PLC0415

    model = DelayModel(columns=None, store=MODEL.with_name("booster.ubj"))
    table = pd.read_parquet(flights)
    table["probability"] = model.probability(model.preprocess(table))
    table.to_parquet(FOLDER / "rows.parquet")


WAYS: Final[dict[str, Callable[[Path], object]]] = {
    f"{way.__name__}": way
    for way in (count_ours, count_plain, count_rows, score_ours, score_plain, score_rows)
}


def measure(way: str, flights: Path) -> tuple[float, float]:
    """Return the seconds and the peak megabytes of one way, in a process of its own."""
    command = (sys.executable, "-m", "tests.bench.growth", "--way", way, "--flights", flights)
    done = succeed(*command)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def _peak() -> float:
    """Return the peak of this process in MB; getrusage would count what its parent held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(
    sizes: Annotated[str, typer.Option(help="Millions of flights.")] = "1,10,100",
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
    flights: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print the median time and the peak of memory of each way at each size."""
    if way is not None and flights is not None:
        if "ours" in way:  # imports, before the clock starts
            for module in ("training.batch.scoring", "ibis.backends.duckdb"):
                importlib.import_module(module)
        gc.collect()  # else a collection of what imports left might fall into the work, by chance
        start = time.perf_counter()
        WAYS[way](flights)
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, _peak()]))  # noqa: T201  # for the process that measures
        return
    print("| flights | way | seconds | peak MB |\n|---|---|---|---|")  # noqa: T201
    for size in map(int, sizes.split(",")):
        path = synthesize(size * 10**6)
        for work in ("count", "score"):  # one after the other: scoring leaves a disk to write
            ways = [each for each in WAYS if each.startswith(work)]
            if size * 10**6 > BY_ROWS_UP_TO:
                ways = [each for each in ways if "rows" not in each]
            runs: dict[str, list[tuple[float, float]]] = {each: [] for each in ways}
            for number in range(REPEATS if size < ONCE_FROM else 1):
                for each in ways if number % 2 else ways[::-1]:
                    runs[each].append(measure(each, path))
            for each, figures in runs.items():
                seconds = statistics.median(figure[0] for figure in figures)
                peak = max(figure[1] for figure in figures)
                print(f"| {size},000,000 | {each} | {seconds:.2f} | {peak:.0f} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    typer.run(main)

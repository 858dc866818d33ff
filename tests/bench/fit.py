"""Training on rows against training on counts, without times, each in a process of its own.

`python -m tests.bench.fit rows|counts FLIGHTS.parquet` prints a `Fit`.
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier

from function.metadata import Categories
from tests.support.commands import succeed
from tests.support.paths import ROOT
from training.fitting.selection import SETTINGS
from training.flights.features import FLIGHT, categories_of, every_cell, flights_of, without_time
from training.flights.reading import read
from training.model import DelayModel, Settings

from .contender import BUILD
from .load import Void

SAME: Final = 1e-3  # the most that the margins of the two fits may be apart
SEED: Final = 1


class Fit(msgspec.Struct):
    """How long a fit took, and its margin for each flight that was seen, in order."""

    seconds: float
    margins: list[float]


def flights(rows: int, folder: Path = BUILD / "bench") -> Path:
    """Draw flights from the counts of Santiago, in random order, unless they are there yet."""
    path = folder / f"flights-{rows}.parquet"
    if path.exists():
        return path
    table = read(ROOT / "data" / "scl_2017.csv").without_time().table
    punctual = table.assign(n=table["flights"] - table["delayed"], delay=0)
    cells = pd.concat([punctual, table.assign(n=table["delayed"], delay=1)])
    rng = np.random.default_rng(SEED)
    cells["n"] = rng.multinomial(rows, cells["n"] / cells["n"].sum())
    unfinished = path.with_suffix(".unfinished")
    with duckdb.connect() as database:
        database.register("cells", cells[[*FLIGHT, "delay", "n"]])
        database.execute(
            f"COPY (SELECT {', '.join(FLIGHT)}, delay FROM cells, unnest(range(n)) "
            f"ORDER BY random()) TO '{unfinished}' (FORMAT parquet)"
        )
    unfinished.rename(path)
    return path


def measure(path: Path) -> dict[str, float]:
    """Return the seconds of the fit on rows and of counting and fitting, for the same model."""
    rows, counts = _in_a_process("rows", path), _in_a_process("counts", path)
    apart = float(np.abs(np.subtract(rows.margins, counts.margins)).max())
    if apart > SAME:
        raise Void(f"the fits on rows and on counts are {apart:.2g} apart")
    return {"reference": rows.seconds, "puntual": counts.seconds}


def count(path: Path) -> pd.DataFrame:
    """Count the flights of a Parquet file."""
    each = duckdb.from_parquet(str(path))
    names = ", ".join(FLIGHT)
    counts = each.aggregate(f"{names}, count(*) AS flights, sum(delay)::BIGINT AS delayed")
    table: pd.DataFrame = counts.df()
    return without_time(table).sort_values(FLIGHT, ignore_index=True)


def on_counts(path: Path, settings: Settings) -> tuple[float, NDArray[np.float32]]:
    """Fit as Puntual does."""
    with TemporaryDirectory() as folder:
        model = DelayModel(None, settings, Path(folder, "model.ubj"))
        start = time.perf_counter()
        cells = count(path)
        model.fit_counts(cells, categories_of(cells))
        seconds = time.perf_counter() - start
        return seconds, model.margin(model.preprocess(_possible(model.categories)))


def on_rows(path: Path, settings: Settings) -> tuple[float, NDArray[np.float32]]:
    """Fit as is done everywhere: encode each row, and fit on all of them with all cores."""
    table = duckdb.from_parquet(str(path)).df()
    delay_rate = table["delay"].mean()
    start = time.perf_counter()
    encoder = OneHotEncoder(sparse_output=False, dtype=np.float32)
    classifier = XGBClassifier(
        **asdict(settings), scale_pos_weight=(1 - delay_rate) / delay_rate, base_score=0.5
    )
    classifier.fit(encoder.fit_transform(table[FLIGHT]), table["delay"])
    seconds = time.perf_counter() - start
    rows = encoder.transform(_possible(categories_of(table[FLIGHT]))[FLIGHT])
    return seconds, classifier.predict(rows, output_margin=True)


def _possible(categories: Categories) -> pd.DataFrame:
    (cells,) = every_cell(categories)
    return flights_of(cells, categories)


def _in_a_process(on: str, path: Path) -> Fit:
    done = succeed(sys.executable, "-m", "tests.bench.fit", on, path)
    return msgspec.json.decode(done.stdout, type=Fit)


if __name__ == "__main__":
    fit = {"rows": on_rows, "counts": on_counts}[sys.argv[1]]
    told = msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)
    taken, margins = fit(Path(sys.argv[2]), told)
    sys.stdout.write(msgspec.json.encode(Fit(taken, margins.tolist())).decode())

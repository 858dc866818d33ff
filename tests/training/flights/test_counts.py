"""Flights become counts, and what cannot be trained on is refused with its place."""

from pathlib import Path

import pandas as pd
import pytest

from tests.support.paths import ROOT
from training.errors import DataError
from training.flights.counts import COUNTED, Counts, weighted_rows
from training.flights.frames import delayed
from training.flights.reading import read
from training.tables import files

ROWS = """OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O,extra
Sky,N,1,2017-01-01 10:00:00,2017-01-01 10:15:00,a
Sky,N,1,2017-01-01 10:00:00,2017-01-01 10:15:01,b
Sky,N,1,2017-01-01 23:55:00,2017-01-02 00:11:00,c
Sky,N,2,2017-02-01 10:00:00,2017-02-01 09:00:00,d
K.L.M.,I,2,2017-02-01 10:00:00,2017-02-01 10:30:00,e
K.L.M.,I,2,2017-02-01 10:00:00,2017-02-01 10:00:00,f
K.L.M.,I,1,2017-01-16 00:00:00,2017-01-16 00:30:00,g
K.L.M.,I,1,2017-01-22 23:59:59,2017-01-22 23:59:59,h
"""
COUNTS = """OPERA,TIPOVUELO,MES,split,flights,delayed
Sky,N,1,train,10,3
Sky,N,1,validation,5,2
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "flights.csv"
    path.write_text(text)
    return path


def test_the_raw_table_gives_the_committed_counts_byte_for_byte(raw_flights: Path) -> None:
    committed = ROOT / "data" / "scl_2017.csv"
    assert read(raw_flights).to_csv() == committed.read_text()


def test_the_committed_counts_are_the_flights_of_2017(santiago: Counts) -> None:
    table = santiago.table
    assert (len(table), len(santiago.without_day().table)) == (42_183, 33_681)
    assert len(table.drop_duplicates(["OPERA", "TIPOVUELO", "MES"])) == 284
    assert table[["flights", "delayed"]].sum().to_list() == [68_206, 12_614]
    assert sorted(table["week"].unique()) == [*range(2451, 2504)]
    validation = santiago.part("validation")
    assert sorted(validation["week"].unique()) == [*range(2454, 2504, 5)]
    assert santiago.by_weeks


def test_a_flight_is_delayed_beyond_fifteen_minutes_even_across_midnight(tmp_path: Path) -> None:
    rows = pd.read_csv(written(tmp_path, ROWS))
    assert delayed(rows).to_list() == [False, True, True, False, True, False, True, False]


def test_counting_keeps_every_flight_in_its_cell_and_split(tmp_path: Path) -> None:
    counts = read(written(tmp_path, ROWS)).without_time().table
    totals = counts.groupby(["OPERA", "TIPOVUELO", "MES"])[["flights", "delayed"]].sum()
    assert list(totals.itertuples(name=None)) == [
        (("K.L.M.", "I", 1), 2, 1),
        (("K.L.M.", "I", 2), 2, 1),
        (("Sky", "N", 1), 3, 2),
        (("Sky", "N", 2), 1, 0),
    ]
    weeks = counts.groupby(["week", "split"])["flights"].sum().to_dict()
    assert weeks == {(2451, "train"): 3, (2454, "validation"): 2, (2456, "train"): 3}


def test_the_order_of_counts_and_of_their_columns_does_not_matter(
    tmp_path: Path, santiago: Counts
) -> None:
    shuffled = santiago.table.sample(frac=1, random_state=1)[COUNTED[::-1]]
    again = read(written(tmp_path, shuffled.to_csv(index=False)))
    assert again.sha256 == santiago.sha256


def test_a_cell_given_twice_is_added_up(tmp_path: Path) -> None:
    counts = read(written(tmp_path, COUNTS + "Sky,N,1,train,7,1\n"))
    assert counts.part("train")[["flights", "delayed"]].to_numpy().tolist() == [[17, 4]]


def test_weighted_rows_stand_for_every_flight(santiago: Counts) -> None:
    rows, label, weight = weighted_rows(santiago.table)
    assert len(rows) == 2 * len(santiago.table)
    assert weight[label == 1].sum() == 12_614
    assert weight.sum() == 68_206


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param("TIPOVUELO", "TYPE", "no column `TIPOVUELO`", id="missing column"),
        pytest.param("Sky,N,2", "Sky,,2", "nothing - at line 5, column `TIPOVUELO`", id="type"),
        pytest.param("Sky,N,2", "Sky,N,13", "got '13' - at line 5, column `MES`", id="month 13"),
        pytest.param("Sky,N,2", "Sky,N,0", "got '0' - at line 5, column `MES`", id="month 0"),
        pytest.param("Sky,N,2", "Sky,N,2.5", "got '2.5' - at line 5, column `MES`", id="fraction"),
        pytest.param(
            "Sky,N,2", "Sky,N,", "got nothing - at line 5, column `MES`", id="empty month"
        ),
        pytest.param("Sky,N,2", " ,N,2", "got ' ' - at line 5, column `OPERA`", id="no airline"),
        pytest.param("09:00:00", "9 a.m.", "at line 5, column `Fecha-O`", id="no time"),
        pytest.param(
            "2017-02-01 10:00:00,2017-02-01 09:00:00",
            "2017-02-30 10:00:00,2017-02-01 09:00:00",
            "got '2017-02-30 10:00:00' - at line 5, column `Fecha-I`",
            id="no such day",
        ),
    ],
)
def test_a_bad_row_is_refused_with_file_line_and_column(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    path = written(tmp_path, ROWS.replace(old, new))
    with pytest.raises(DataError) as refusal:
        read(path)
    assert str(path) in str(refusal.value)
    assert place in str(refusal.value)


@pytest.mark.parametrize(
    ("row", "place"),
    [
        pytest.param("Sky,N,1,test,1,0", "got 'test' - at line 4, column `split`", id="split"),
        pytest.param("Sky,N,1,train,-1,0", "got '-1' - at line 4, column `flights`", id="negative"),
        pytest.param("Sky,N,1,train,1,x", "got 'x' - at line 4, column `delayed`", id="no number"),
        pytest.param("Sky,N,1,train,1,2", "got '2' - at line 4, column `delayed`", id="too many"),
    ],
)
def test_a_bad_count_is_refused_with_file_line_and_column(
    tmp_path: Path, row: str, place: str
) -> None:
    with pytest.raises(DataError) as refusal:
        read(written(tmp_path, f"{COUNTS}{row}\n"))
    assert place in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "it is empty", id="empty file"),
        pytest.param(COUNTS.partition("\n")[0], "holds no flights", id="only a header"),
        pytest.param(COUNTS.replace("10,3", "10,0"), "0 delayed of 10", id="none delayed"),
        pytest.param(COUNTS.replace("5,2", "5,5"), "5 delayed of 5", id="all delayed"),
        pytest.param(COUNTS.replace("validation", "train"), "0 delayed of 0", id="no validation"),
        pytest.param(ROWS + "a,b,c,d,e,f,g\n", "line 10", id="a row too long"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        read(written(tmp_path, text)).for_training()


def test_counts_have_an_hour_and_a_weekday_or_neither(tmp_path: Path) -> None:
    timed = "OPERA,TIPOVUELO,MES,HORA,DIANOM,split,flights,delayed\n"
    timed += (
        "Sky,N,1,-1,,train,9,3\nSky,N,1.0,7.0,Lunes,train,9.0,3\nSky,N,1,23,Sabado,validation,5,2\n"
    )
    path = written(tmp_path, timed)
    table = read(path).table
    assert table[["MES", "HORA", "DIANOM", "flights"]].to_numpy().tolist() == [
        [1, -1, "", 9],
        [1, 7, "Lunes", 9],
        [1, 23, "Sabado", 5],
    ]
    for hour, day in (("-1", "Lunes"), ("7", "")):
        with pytest.raises(DataError, match="a weekday where `HORA` is an hour, and none elsewh"):
            read(written(tmp_path, f"{timed}Sky,N,2,{hour},{day},train,9,3\n"))


def test_counts_that_the_engine_does_not_read_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = files.DIALECT.replace("comment = ''", "comment = '#'")
    monkeypatch.setattr(files, "DIALECT", dialect)
    with pytest.raises(DataError, match="it has 3 rows, of which 2 were read"):
        read(written(tmp_path, f"{COUNTS}#Sky,N,1,train,7,1\n"))


def test_more_counts_than_any_airport_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, COUNTS)
    monkeypatch.setattr("training.flights.reading.MAX_COUNTS", 2)
    assert len(read(path).table) == 2
    monkeypatch.setattr("training.flights.reading.MAX_COUNTS", 1)
    with pytest.raises(DataError, match="expected at most 1 counts"):
        read(path)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file"):
        read(tmp_path / "nowhere.csv")
    path = tmp_path / "latin.csv"
    path.write_bytes(ROWS.replace("Sky", "Ñandú").encode("latin-1"))
    with pytest.raises(DataError, match="not UTF-8"):
        read(path)


WEEKS = """OPERA,TIPOVUELO,MES,HORA,DIANOM,HOY,week,flights,delayed
Sky,N,1,-1,,-1,2451,10,3
Sky,N,1,7,Lunes,0,2452,9,2
Sky,N,1,7,Lunes,7,2454,5,2
"""
MIXED = """OPERA,TIPOVUELO,MES,HORA,DIANOM,HOY,week,split,flights,delayed
Sky,N,1,-1,,-1,-1,train,10,3
Sky,N,1,-1,,-1,-1,validation,5,2
Sky,N,1,7,Lunes,-1,2454,validation,5,2
"""


@pytest.mark.parametrize("text", [WEEKS, MIXED], ids=["weeks", "weeks and a split"])
def test_counts_with_weeks_are_written_as_they_were_read(tmp_path: Path, text: str) -> None:
    counts = read(written(tmp_path, text))
    assert counts.to_csv() == text
    assert not counts.by_weeks  # not each fold holds flights


def test_counts_of_before_have_no_weeks_and_no_day(tmp_path: Path) -> None:
    counts = read(written(tmp_path, COUNTS))
    assert (counts.by_weeks, counts.timed, counts.categories.knows_day) == (False, False, False)
    assert counts.table[["HOY", "week"]].to_numpy().tolist() == [[-1, -1]] * 2
    names = ["OPERA", "TIPOVUELO", "MES", "split", "flights", "delayed"]
    assert counts.table[names].to_csv(index=False) == COUNTS


@pytest.mark.parametrize(
    ("text", "old", "new", "place"),
    [
        (WEEKS, ",2452,", ",2452.5,", "Monday 1970-01-05, or -1, got '2452.5' - at line 3"),
        (WEEKS, ",2452,", ",-2,", "Monday 1970-01-05, or -1, got '-2' - at line 3"),
        (WEEKS, ",2452,", ",-1,", "there is no column `split`, got '-1' - at line 3"),
        (WEEKS, ",0,2452", ",8,2452", "a range from 0 to 7, or -1 where none is given, got '8'"),
        (WEEKS, ",,-1,2451", ",,3,2451", "expected -1 where `HORA` is no hour, got '3'"),
        (MIXED, "2454,validation", "2454,train", "for week % 5 = 4, got 'train' - at line 4"),
        (MIXED, "2454,validation", "2455,validation", "got 'validation' - at line 4"),
    ],
)
def test_a_bad_week_or_day_is_refused_with_its_place(
    tmp_path: Path, text: str, old: str, new: str, place: str
) -> None:
    assert text.count(old) == 1
    with pytest.raises(DataError) as refusal:
        read(written(tmp_path, text.replace(old, new)))
    assert place in str(refusal.value)

"""Rows of flights as one expression for every engine: what is read of each, and its fault."""

from collections.abc import Collection, Sequence
from typing import Final

import ibis
from ibis.expr.types import (
    BooleanValue,
    FloatingValue,
    IntegerValue,
    StringValue,
    Table,
    Value,
)

from function.metadata import HOURS, RANGES, SHARES
from training.errors import RECIPES, DataError

from .columns import Columns
from .missing import check_columns
from .sources import Source

DELAY_MINUTES: Final = 15  # a flight that leaves later than this is late
# What every engine reads as the same time; a fraction is cut off after six digits.
TIME_PATTERN: Final = r"^[1-9]\d{3}-\d\d-\d\d[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$"
_FIRST, _LAST = (ibis.timestamp(text) for text in ("1000-01-01", "9999-12-31 23:59:59.999999"))
_FEBRUARY: Final = 2
TO_MINUTES: Final = len("2017-01-31 23:30")
TO_MICROSECONDS: Final = len("2017-01-31 23:30:00.123456")
NANOSECONDS: Final = 9  # digits of a fraction
MINUTE: Final = 60 * 10**6  # microseconds
MONTHS: Final = 12
MONTH: Final = r"^0*([1-9]|1[0-2])(\.0+)?$"
# What Unicode calls white space, and two characters without a width.
SPACES: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200C))
)
NUMBER: Final = r"^[+-]?\d+(\.\d*)?$"
# A flight that leaves earlier or later than this is a mistake of the table, in minutes.
EARLIEST: Final = -12 * 60
LATEST: Final = 48 * 60
# Faults of times, by the number that stands for them in `raw_rows`: numbers are grouped faster.
TIME_FAULTS: Final = {
    1: "scheduled",
    2: "actual",
    3: "delay",
    4: "far",  # an actual time far from the scheduled one
    5: "delay_minutes",
    6: "far_minutes",
    7: "minutes",  # where 0 or 1 is expected
    8: "day",
}
# DuckDB counts 10 million flights with these functions of its own in four fifths of the time that
# EXTRACT and a remainder take, which Ibis writes. sqlglot translates ISODOW for Spark wrongly.
_DUCKDB_PARTS: Final = tuple(
    ibis.udf.scalar.builtin(name=name, signature=(("timestamp",), "int64"))(lambda time: time)
    for name in ("month", "hour", "isodow")
)
_DECODE, _MAKE_TIMESTAMP, _EPOCH_NS = (
    ibis.udf.scalar.builtin(name=name, signature=((given,), returned))(lambda value: value)
    for name, given, returned in (
        ("decode", "binary", "string"),
        ("make_timestamp", "int64", "timestamp"),
        ("epoch_ns", "timestamp(9)", "int64"),
    )
)
_DIVIDE: Final = ibis.udf.scalar.builtin(name="divide", signature=(("int64", "int64"), "int64"))(
    lambda dividend, divisor: dividend // divisor
)
FIRST_WEEK: Final = "1970-01-05 00:00:00"  # the Monday of week 0, before which no week is counted
FIRST_MINUTE: Final = "0001-01-01 00:00:00"  # a Monday
RAW_COLUMNS: Final = ("OPERA", "TIPOVUELO", "MES", "minute", "HOY", "fault")


def roles_of(columns: Columns, has: Collection[str], *, delays: bool = True) -> dict[str, str]:
    """Return the columns that are read of a table that has some, by their roles.

    Without `delays`, what says whether a flight was delayed is not read.
    """
    roles = {"airline": columns.airline}
    if columns.type_value is None:
        roles["flight_type"] = columns.flight_type
    if columns.delay is not None and columns.delay_minutes is not None:
        raise DataError("Cannot tell delays: name one column, by --delay or by --delay-minutes.")
    measured = delays and columns.delay is None and columns.delay_minutes is None
    if measured and not columns.scheduled:
        raise DataError(
            "Cannot tell delays: an empty --scheduled needs a ready column by --delay or "
            "--delay-minutes."
        )
    timed = columns.scheduled in has or columns.named("scheduled") or measured
    if timed and columns.scheduled:
        roles["scheduled"] = columns.scheduled
    if columns.month in has or columns.named("month") or "scheduled" not in roles:
        roles["month"] = columns.month
    if measured:
        roles["actual"] = columns.actual
    elif delays and columns.delay is not None:
        roles["delay"] = columns.delay
    elif delays and columns.delay_minutes is not None:
        roles["delay_minutes"] = columns.delay_minutes
    if not delays and columns.day is not None:
        roles["day"] = columns.day
    return roles


def roles_in(source: Source, columns: Columns, *, delays: bool = True) -> dict[str, str]:
    """Return `roles_of` the source's table; raise `DataError` where it lacks one of them."""
    roles = roles_of(columns, source.table.columns, delays=delays)
    check_columns(source, roles)
    source.check_times(roles[role] for role in ("scheduled", "actual") if role in roles)
    return roles


def column_of(table: Table, name: str) -> Value:
    """Return a column to read; texts that are stored as binary are UTF-8."""
    column = table[name]
    kind = column.type()
    # What Parquet calls a column of nulls alone has no type in Ibis.
    if kind.is_null() or (kind.is_unknown() and "NULL" in str(kind)):
        return ibis.null("string")
    if not kind.is_binary():
        return column
    return _DECODE(column) if table.get_backend().name == "duckdb" else column.cast("string")


def raw_rows(table: Table, columns: Columns, *, delays: bool = True, **kept: Value) -> Table:
    """Return what is read of each flight, as the table has it, and the fault of its times.

    `minute` counts from Monday, 1 January of year 1, `HOY` is the range of a ready column of the
    day so far. Groups of these rows can be checked as well as the rows, so an engine looks at each
    different value once, not at each flight.
    """
    roles = roles_of(columns, table.columns, delays=delays)
    faults: list[tuple[BooleanValue, int]] = []
    scheduled: Value = ibis.null("timestamp")
    late: Value = ibis.null("boolean")
    if "scheduled" in roles:
        given = column_of(table, roles["scheduled"])
        scheduled = _time(given)
        unread = scheduled.isnull()
        faults += [(unread if "actual" in roles else unread & given.notnull(), 1)]
        if delays:  # what is counted has a week
            faults += [(scheduled < ibis.timestamp(FIRST_WEEK), 1)]
    if "actual" in roles:
        actual = _time(column_of(table, roles["actual"]))
        passed = actual.delta(scheduled, unit="microsecond")
        late = passed > DELAY_MINUTES * MINUTE
        far = (passed < EARLIEST * MINUTE) | (passed > LATEST * MINUTE)
        faults += [(actual.isnull(), 2), (far, 4)]
    if "delay" in roles:
        given = column_of(table, roles["delay"])
        late = _flag(given)
        faults += [(late.isnull() & _is_number(given), 7), (late.isnull(), 3)]
    if "delay_minutes" in roles:
        minutes = _minutes(column_of(table, roles["delay_minutes"]))
        late = minutes > DELAY_MINUTES
        faults += [(minutes.isnull(), 5), ((minutes < EARLIEST) | (minutes > LATEST), 6)]
    day: Value = ibis.null("int64")
    if "day" in roles:
        given = column_of(table, roles["day"])
        share = given.try_cast("float64") if given.type().is_string() else given.cast("float64")
        good = share.between(0, 1) & scheduled.notnull()
        day = good.ifelse(range_of(share), day)
        faults += [(given.notnull() & ~good.fill_null(False), 8)]  # noqa: FBT003  # Ibis takes it by place
    return table.select(
        OPERA=column_of(table, columns.airline).cast("string"),
        TIPOVUELO=_flight_type(table, columns),
        MES=column_of(table, roles["month"]) if "month" in roles else scheduled.month(),
        scheduled=scheduled,
        minute=scheduled.delta(ibis.timestamp(FIRST_MINUTE), unit="minute"),
        fault=ibis.cases(*faults, else_=0) if faults else ibis.literal(0),
        HOY=day,
        late=late,
        **kept,
    )


def checked_rows(rows: Table, *, names: bool = True) -> Table:
    """Return `raw_rows`, or groups of them, with the model's features and the first fault.

    `DIANOM` is a number, 1 for Monday, or 0 where no time is given. `MES` must be a month within a
    day of the scheduled date, as in a request
    (`function.flights.months_near`). Without `names`, those are not looked at: rows that are
    matched with known names need not be.
    """
    month = _month(rows["MES"])
    in_time = rows["fault"] == 0
    scheduled, hour, weekday = _date_parts(rows["scheduled"], rows.get_backend().name)
    of_names = [
        *_name_faults(rows["OPERA"], "airline"),
        *_name_faults(rows["TIPOVUELO"], "flight_type"),
    ]
    # Engines look at the months near a date only where the month is another one.
    other = (month == scheduled).ifelse(
        ibis.literal(value=False), month != _month_near(rows["scheduled"], scheduled)
    )
    faults = [
        *(of_names if names else []),
        (month.isnull() & in_time, "month"),
        (other, "other_month"),
        *((rows["fault"] == number, name) for number, name in TIME_FAULTS.items()),
    ]
    return rows.mutate(
        MES=month,
        month=scheduled,
        HORA=hour.cast("int64").fill_null(HOURS[0]),
        DIANOM=weekday.cast("int64").fill_null(0),
        HOY=rows["HOY"].cast("int64").fill_null(RANGES[0]),
        fault=ibis.cases(*faults, else_=ibis.null("string")),
    )


def good(rows: Table) -> BooleanValue:
    """Return which of `checked_rows` have no fault."""
    return rows["fault"].isnull()


def good_rows(table: Table, columns: Columns, **kept: Value) -> Table:
    """Return each flight that is counted: its features, whether it is `late`, and `kept`."""
    rows = checked_rows(raw_rows(table, columns, **kept))
    return rows.filter(good(rows))


def range_of(share: Value) -> IntegerValue:
    """Return the number of the range of a share, as the function counts it."""
    return count_true([share >= ibis.literal(edge, "float64") for edge in SHARES])


def count_true(values: Sequence[BooleanValue]) -> IntegerValue:
    """Return how many of the values of a row are true."""
    return sum((each.cast("int64") for each in values), start=ibis.literal(0, "int64"))


def _flight_type(table: Table, columns: Columns) -> StringValue:
    if columns.type_value is not None:
        return ibis.literal(columns.type_value)
    given = column_of(table, columns.flight_type).cast("string")
    if not columns.types:
        return given
    return ibis.cases(*((given == old, new) for old, new in columns.types), else_=given)


def _name_faults(name: StringValue, role: str) -> list[tuple[BooleanValue, str]]:
    spaces = ibis.literal(SPACES)
    spaced = spaces.contains(name.left(1)) | spaces.contains(name.right(1))
    return [(name.isnull() | (name == ""), role), (spaced, f"{role}_space")]


def _month(column: Value) -> IntegerValue:
    """Return the month, or null where it is none."""
    if column.type().is_string():
        return column.re_extract(MONTH, 1).nullif("").try_cast("int64")
    if column.type().is_numeric():
        # DuckDB makes a join of IN, which forgets the order of rows.
        inside = (column >= 1) & (column <= MONTHS)
        month = inside.ifelse(column, ibis.null(column.type()))
        if not column.type().is_integer():
            # BigQuery's floor refuses NaN, so only what is inside is rounded.
            month = (month == month.floor()).ifelse(month, ibis.null(column.type()))
        # DuckDB casts the bounds that Parquet states, too, and NaN is above all numbers.
        return month.try_cast("int64")
    raise DataError(_unreadable(column, "months from 1 to 12"))


def _time(column: Value) -> Value:
    """Return the local time, or null where the text is none."""
    if column.type().is_string():
        time = column.re_search(TIME_PATTERN).ifelse(
            column.left(TO_MICROSECONDS), ibis.null("string")
        )
        # BigQuery reads no time without seconds.
        return (time.length() == TO_MINUTES).ifelse(time + ":00", time).try_cast("timestamp")
    if column.type().is_timestamp() and column.type().timezone is None:
        if column.type().scale == NANOSECONDS:  # DuckDB's own functions round them
            column = _MAKE_TIMESTAMP(_DIVIDE(_EPOCH_NS(column), 1000))
        # As texts, and none is infinite.
        good = (column >= _FIRST) & (column <= _LAST)
        return good.ifelse(column, ibis.null("timestamp"))
    advice = ""
    if column.type().is_timestamp():
        advice = " Convert its times to local ones, without a zone."
    elif column.type().is_numeric():
        advice = (
            " Make times of its numbers first, such as 1730 and a date, or name a ready column "
            "by --delay or --delay-minutes."
        )
    expected = "local times such as 2017-01-31 23:30:00"
    raise DataError(f"{_unreadable(column, expected)}{advice} {RECIPES}")


def _date_parts(time: Value, engine: str) -> tuple[IntegerValue, IntegerValue, IntegerValue]:
    """Return the month, the hour, and the weekday from 1 for Monday."""
    if engine == "duckdb":
        month, hour, weekday = (function(time) for function in _DUCKDB_PARTS)
        return month, hour, weekday
    return time.month(), time.hour(), time.day_of_week.index() + 1


def _month_near(time: Value, month: IntegerValue) -> IntegerValue:
    """Return the month of the day before or after where it is another one, else the time's own.

    Computed from parts of the date, as engines overflow at their first and last day.
    """
    year, day = time.year(), time.day()
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    last = ibis.cases(
        (month == _FEBRUARY, leap.ifelse(29, 28)), (month.isin([4, 6, 9, 11]), 30), else_=31
    )
    return ibis.cases(
        (day == 1, (month + MONTHS - 2) % MONTHS + 1),
        (day == last, month % MONTHS + 1),
        else_=month,
    )


def _flag(column: Value) -> BooleanValue:
    """Return whether the flight is delayed, or null where neither is said."""
    if column.type().is_boolean():
        return column
    if column.type().is_numeric():
        yes, no = column == 1, column == 0
    else:
        text = column.cast("string").lower()
        yes, no = text.re_search(r"^(1(\.0+)?|true)$"), text.re_search(r"^(0(\.0+)?|false)$")
    said = (yes, ibis.literal(value=True)), (no, ibis.literal(value=False))
    return ibis.cases(*said, else_=ibis.null("boolean"))


def _is_number(column: Value) -> BooleanValue:
    """Return whether a value is a number, not whether there is one."""
    if column.type().is_string():
        return column.re_search(NUMBER)
    number = column.notnull() if column.type().is_numeric() else ibis.literal(value=False)
    return number & ~column.isnan() if column.type().is_floating() else number


def _minutes(column: Value) -> FloatingValue:
    """Return the minutes, or null where a value is none."""
    if column.type().is_string():
        return column.re_search(NUMBER).ifelse(column, ibis.null("string")).try_cast("float64")
    if not column.type().is_numeric():
        raise DataError(_unreadable(column, "minutes of delay"))
    minutes = column.cast("float64")
    return minutes.isnan().ifelse(ibis.null("float64"), minutes)


def _unreadable(column: Value, expected: str) -> str:
    return f"Cannot read `{column.get_name()}`: expected {expected}, got {column.type()}."

"""Bodies become flights, or an error in JSON's words with its place."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from function.errors import InputError, TooManyError
from function.flights import MAX_FLIGHTS, Flight, decode, decoder_of, read_time
from tests.support.at_hand import CATEGORIES

SKY = b'{"OPERA":"Sky Airline","TIPOVUELO":"N","MES":3}'


def in_month(value: bytes) -> bytes:
    return b'{"flights":[%s,{"OPERA":"Sky Airline","TIPOVUELO":"N","MES":%s}]}' % (SKY, value)


def refusal(body: bytes) -> InputError:
    with pytest.raises(InputError) as raised:
        decode(body)
    return raised.value


@pytest.mark.parametrize(
    ("body", "flights"),
    [
        pytest.param(b'{"flights":[]}', [], id="none"),
        pytest.param(b'{"flights":[%s]}' % SKY, [Flight("Sky Airline", "N", 3)], id="one"),
        pytest.param(in_month(b"12"), [Flight("Sky Airline", "N", m) for m in (3, 12)], id="order"),
        pytest.param(
            b'\n{"x":{"y":[1]},"flights":[{"MES":1,"DIA":"\\u00f1","OPERA":"A","TIPOVUELO":"I"}]} ',
            [Flight("A", "I", 1)],
            id="other fields, other order",
        ),
        pytest.param(
            '{"flights":[{"OPERA":"Ñandú","TIPOVUELO":"I","MES":1}]}'.encode(),
            [Flight("Ñandú", "I", 1)],
            id="beyond ASCII",
        ),
    ],
)
def test_flights_are_read_in_order_and_other_fields_ignored(
    body: bytes, flights: list[Flight]
) -> None:
    assert decode(body) == flights


def test_a_known_name_is_one_text_for_all_flights() -> None:
    airline, flight_type = CATEGORIES.OPERA[0], CATEGORIES.TIPOVUELO[0]
    flight = {"OPERA": airline, "TIPOVUELO": flight_type, "MES": CATEGORIES.MES[0]}
    body = msgspec.json.encode({"flights": [flight, flight]})
    first, second = decode(body, decoder_of(CATEGORIES))
    assert isinstance(first, Flight)
    assert (airline, flight_type) == (first.OPERA, first.TIPOVUELO)
    assert first.OPERA is second.OPERA
    assert first.TIPOVUELO is second.TIPOVUELO


@pytest.mark.parametrize(
    ("value", "got"),
    [
        pytest.param(b'"3"', "a string", id="string"),
        pytest.param(b"3.5", "a decimal number", id="fraction"),
        pytest.param(b"3.0", "a decimal number", id="decimal point"),
        pytest.param(b"1e2", "a decimal number", id="exponent"),
        pytest.param(b"true", "a boolean", id="boolean"),
        pytest.param(b"null", "null", id="null"),
        pytest.param(b"[3]", "an array", id="array"),
        pytest.param(b"{}", "an object", id="object"),
    ],
)
def test_a_month_that_is_no_integer_is_refused_in_json_words(value: bytes, got: str) -> None:
    error = refusal(in_month(value))
    assert str(error) == f"Expected an integer, got {got} - at `$.flights[1].MES`"
    assert error.path == "$.flights[1].MES"


@pytest.mark.parametrize("value", [b"9" * 5000, b"1e400"], ids=["5,000 digits", "beyond float"])
def test_a_month_beyond_64_bits_is_refused(value: bytes) -> None:
    expected = "Expected a number of 64 bits, got a number out of range - at `$.flights[1].MES`"
    assert str(refusal(in_month(value))) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"[]", "Expected an object, got an array - at `$`", id="an array"),
        pytest.param(b"{}", "Expected the field `flights`, got none - at `$.flights`", id="empty"),
        pytest.param(
            b'{"flights":null}', "Expected an array, got null - at `$.flights`", id="null"
        ),
        pytest.param(
            b'{"flights":[3]}', "Expected an object, got an integer - at `$.flights[0]`", id="int"
        ),
        pytest.param(
            b'{"flights":[%s,{"TIPOVUELO":"N","MES":3}]}' % SKY,
            "Expected the field `OPERA`, got none - at `$.flights[1].OPERA`",
            id="missing field",
        ),
        pytest.param(
            b'{"flights":[{"OPERA":7,"TIPOVUELO":"N","MES":3}]}',
            "Expected a string, got an integer - at `$.flights[0].OPERA`",
            id="wrong type",
        ),
        pytest.param(b"", "Expected JSON, got a fault: Input data was truncated - at `$`", id="0"),
    ],
)
def test_a_body_of_another_shape_is_refused_with_its_place(body: bytes, message: str) -> None:
    assert str(refusal(body)) == message


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(in_month(b"NaN"), id="NaN"),
        pytest.param(in_month(b"Infinity"), id="Infinity"),
        pytest.param(in_month(b"03"), id="leading zero"),
        pytest.param(in_month(b"3") + b"x", id="more behind it"),
        pytest.param(in_month(b"3")[:-1], id="cut short"),
        pytest.param(b"\xef\xbb\xbf" + in_month(b"3"), id="byte order mark"),
        pytest.param(b'{"flights":[],"x":"\\ud800"}', id="lone surrogate"),
        pytest.param(b"MES=3", id="a form"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    error = refusal(body)
    assert str(error).startswith("Expected JSON, got a fault: ")
    assert error.path == "$"


def test_a_byte_that_is_not_utf8_is_named_even_in_an_ignored_field() -> None:
    body = b'{"x":"\xff","flights":[]}'
    assert str(refusal(body)) == "Expected UTF-8, got the byte 0xff at 6 - at `$`"


@pytest.mark.parametrize(
    ("field", "message"),
    [
        pytest.param(b"x", "Expected JSON, got it nested too deeply - at `$`", id="ignored field"),
        pytest.param(
            b"flights", "Expected an object, got an array - at `$.flights[0]`", id="flights"
        ),
    ],
)
def test_json_nested_too_deeply_is_refused(field: bytes, message: str) -> None:
    body = b'{"%s":%s%s}' % (field, b"[" * 100_000, b"]" * 100_000)
    assert str(refusal(body)) == message


def test_more_flights_than_the_bound_are_too_large() -> None:
    flights = msgspec.json.encode({"flights": [msgspec.Raw(SKY)] * MAX_FLIGHTS})
    assert len(decode(flights)) == MAX_FLIGHTS
    error = refusal(flights.replace(b"[", b"[%s," % SKY))
    assert str(error) == "Expected at most 10000 flights, got 10001 - at `$.flights`"
    assert isinstance(error, TooManyError)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param(
            "2017-07-14 19:30:00", datetime(2017, 7, 14, 19, 30), id="as the challenge writes it"
        ),
        pytest.param("2017-07-14T19:30:00", datetime(2017, 7, 14, 19, 30), id="ISO 8601"),
        pytest.param("2017-07-14t19:30:00", datetime(2017, 7, 14, 19, 30), id="RFC 3339"),
        pytest.param("2017-07-14T19:30", datetime(2017, 7, 14, 19, 30), id="without seconds"),
        pytest.param(
            "2017-07-14 19:30:01.5", datetime(2017, 7, 14, 19, 30, 1, 500_000), id="fraction"
        ),
        pytest.param(
            "2017-07-14 19:30:00.123456",
            datetime(2017, 7, 14, 19, 30, 0, 123_456),
            id="microseconds",
        ),
        pytest.param("2024-02-29 00:00", datetime(2024, 2, 29), id="leap day"),
        pytest.param("2017-12-31 23:59", datetime(2017, 12, 31, 23, 59), id="last hour"),
    ],
)
def test_a_scheduled_time_is_read_alike_in_a_body_and_alone(text: str, time: datetime) -> None:
    assert read_time(text, 0) == time
    flight = SKY.replace(b"}", b',"Fecha-I":"%s"}' % text.encode())
    assert decode(b'{"flights":[%s,%s]}' % (SKY, flight))[1].scheduled == time


@pytest.mark.parametrize("digits", [7, 9, 20, 100_000])
@pytest.mark.parametrize("digit", ["5", "9"])
@pytest.mark.parametrize(
    "start", ["2017-12-31 23:59:59", "2016-02-29T18:59:59", "9999-12-31t23:59:59"]
)
def test_a_fraction_never_rounds_into_the_next_hour(start: str, digit: str, digits: int) -> None:
    text = f"{start}.999999".ljust(len(start) + 1 + digits, digit)
    cut = datetime.fromisoformat(start.upper()).replace(microsecond=999_999)
    assert read_time(text, 0) == cut
    escaped = (text, *(text.replace(each, f"\\u{ord(each):04X}") for each in ":59."))
    for written in escaped:
        flight = SKY.replace(b"}", b',"Fecha-I":"%s"}' % written.encode())
        assert decode(b'{"flights":[%s]}' % flight)[0].scheduled == cut


@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    st.text("0123456789", min_size=1, max_size=12) | st.text("9", min_size=1, max_size=12),
)
@example(datetime(2017, 12, 31, 23, 59, 59), "9999999")
def test_the_digits_of_a_fraction_never_count(time: datetime, fraction: str) -> None:
    text = f"{time:%H:%M:%S}.{fraction}"
    flight = SKY.replace(b"}", b',"Fecha-I":"%s %s"}' % (str(time.date()).encode(), text.encode()))
    (found,) = decode(b'{"flights":[%s]}' % flight)
    assert found.scheduled is not None
    for read in (found.scheduled, read_time(f"{time.date()} {text}", 0)):
        assert read is not None
        assert (read.date(), read.hour) == (time.date(), time.hour)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2017-07-14T19:30:00Z", id="Z"),
        pytest.param("2017-12-31 23:59:59.9999999Z", id="Z behind many digits"),
        pytest.param("2017-12-31 23:59:59.9999999-03:00", id="offset behind many digits"),
        pytest.param("2017-07-14T19:30:00-04:00", id="offset"),
        pytest.param("2017-07-14T19:30-04", id="offset of an hour"),
        pytest.param("2017-07-14", id="date"),
        pytest.param("2017-07-14 19", id="hour"),
        pytest.param("2017-07-14 24:00:00", id="hour 24"),
        pytest.param("2017-07-14 19:60:00", id="minute 60"),
        pytest.param("2017-07-14 19:30:60", id="leap second"),
        pytest.param("2017-02-29 10:00:00", id="no leap day"),
        pytest.param("0000-01-01 10:00:00", id="year 0"),
        pytest.param("2017-W28-5T19:30:00", id="week date"),
        pytest.param("20170714T193000", id="basic format"),
        pytest.param("20170714T1930000", id="as long as one without seconds"),
        pytest.param("14-07-2017 19:30:00", id="day first"),
        pytest.param("2017-07-14x19:30:00", id="another separator"),
        pytest.param("2017-07-14 19:30:00,5", id="comma"),
        pytest.param("2017-07-14 19:30:00 ", id="trailing blank"),
        pytest.param("2017-07-14 19:30:00.", id="trailing point"),
        pytest.param("1500060600", id="seconds since 1970"),
        pytest.param("", id="empty"),
        pytest.param("٢٠١٧-07-14 19:30:00", id="other digits"),
    ],
)
def test_what_is_no_local_time_is_refused_with_its_place(text: str) -> None:
    flight = SKY.replace(b"}", b',"Fecha-I":"%s"}' % text.encode())
    expected = f'Expected a local time such as 2017-07-14 19:30:00, got "{text}"'
    error = refusal(b'{"flights":[%s,%s]}' % (SKY, flight))
    assert (str(error), error.path) == (
        f"{expected} - at `$.flights[1].Fecha-I`",
        "$.flights[1].Fecha-I",
    )
    with pytest.raises(InputError) as alone:
        read_time(text, 7, lambda row, field: f"row {row}, {field}")
    assert str(alone.value) == f"{expected} - at `row 7, Fecha-I`"


def test_a_scheduled_time_may_be_missing_or_null_beside_any_form() -> None:
    values = [b"null", b'"2017-03-01 10:00:00"', b'"2017-03-01T10:00"']
    flights = [SKY, *(SKY.replace(b"}", b',"Fecha-I":%s}' % value) for value in values)]
    time = datetime(2017, 3, 1, 10)
    for some, expected in ((flights[:3], [None, None, time]), (flights, [None, None, time, time])):
        found = decode(b'{"flights":[%s]}' % b",".join(some))
        assert found == [Flight("Sky Airline", "N", 3, each) for each in expected]


def test_a_scheduled_time_of_another_type_is_refused() -> None:
    body = b'{"flights":[%s]}' % SKY.replace(b"}", b',"Fecha-I":1930}')
    expected = "Expected a string or null, got an integer - at `$.flights[0].Fecha-I`"
    assert str(refusal(body)) == expected


def with_day(value: bytes) -> bytes:
    flight = SKY.replace(b"}", b',"Fecha-I":"2017-03-01T10:00:00","HOY":%s}' % value)
    return b'{"flights":[%s,%s]}' % (SKY, flight)


@pytest.mark.parametrize("written", [b"T10:00:00", b"T10:00"], ids=["at once", "second reading"])
def test_the_day_so_far_may_be_a_number_or_null_or_missing(written: bytes) -> None:
    values = {b"0": 0.0, b"1": 1.0, b"0.35": 0.35, b"1e-3": 0.001, b"null": None}
    for value, share in values.items():
        first, second = decode(with_day(value).replace(b"T10:00:00", written))
        assert (None, share) == (first.HOY, second.HOY)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(b'"0.4"', "a number from 0 to 1, or null, got a string", id="string"),
        pytest.param(b"true", "a number from 0 to 1, or null, got a boolean", id="boolean"),
        pytest.param(b"[]", "a number from 0 to 1, or null, got an array", id="array"),
        pytest.param(b"1e400", "a number of 64 bits, got a number out of range", id="beyond float"),
    ],
)
def test_a_day_so_far_of_another_type_is_refused(value: bytes, message: str) -> None:
    error = refusal(with_day(value))
    assert str(error) == f"Expected {message} - at `$.flights[1].HOY`"
    assert error.path == "$.flights[1].HOY"


def test_a_day_so_far_that_is_not_a_number_is_no_json() -> None:
    assert str(refusal(with_day(b"NaN"))).startswith("Expected JSON, got a fault: ")

"""Bodies become flights, or an error in JSON's words with its place."""

import msgspec
import pytest

from function.errors import RequestError
from function.flights import MAX_FLIGHTS, Flight, decode

SKY = b'{"OPERA":"Sky Airline","TIPOVUELO":"N","MES":3}'


def in_month(value: bytes) -> bytes:
    return b'{"flights":[%s,{"OPERA":"Sky Airline","TIPOVUELO":"N","MES":%s}]}' % (SKY, value)


def refusal(body: bytes) -> RequestError:
    with pytest.raises(RequestError) as raised:
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
        pytest.param(b"9" * 5000, "a number out of range", id="5,000 digits"),
        pytest.param(b"1e400", "a number out of range", id="beyond float"),
    ],
)
def test_a_month_that_is_no_integer_is_refused_in_json_words(value: bytes, got: str) -> None:
    error = refusal(in_month(value))
    assert str(error) == f"Expected an integer, got {got} - at `$.flights[1].MES`"
    assert (error.path, error.status) == ("$.flights[1].MES", 400)


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
    assert (error.path, error.status) == ("$", 400)


def test_a_byte_that_is_not_utf8_is_named_even_in_an_ignored_field() -> None:
    body = b'{"x":"\xff","flights":[]}'
    assert str(refusal(body)) == "Expected UTF-8, got the byte 0xff at 6 - at `$`"


@pytest.mark.parametrize("field", [b"x", b"flights"], ids=["ignored field", "flights"])
def test_json_nested_too_deeply_is_refused(field: bytes) -> None:
    body = b'{"%s":%s%s}' % (field, b"[" * 100_000, b"]" * 100_000)
    assert refusal(body).status == 400


def test_more_flights_than_the_bound_are_too_large() -> None:
    flights = msgspec.json.encode({"flights": [msgspec.Raw(SKY)] * MAX_FLIGHTS})
    assert len(decode(flights)) == MAX_FLIGHTS
    error = refusal(flights.replace(b"[", b"[%s," % SKY))
    assert str(error) == "Expected at most 10000 flights, got 10001 - at `$.flights`"
    assert error.status == 413

"""The function answers BigQuery's remote calls, and says which row it cannot answer."""

import pytest
from starlette.testclient import TestClient

LATAM = ["Grupo LATAM", "I", 12]


def post(client: TestClient, **body: object) -> tuple[int, dict[str, object]]:
    response = client.post("/bigquery", json=body)
    return response.status_code, response.json()


@pytest.mark.santiago
def test_calls_are_answered_as_the_context_asks(client: TestClient) -> None:
    flights = [dict(zip(("OPERA", "TIPOVUELO", "MES"), LATAM, strict=True))]
    answer = client.post("/predict?probability=true", json={"flights": flights}).json()
    envelope = {"requestId": "a", "caller": "//bigquery", "sessionUser": "b", "calls": [LATAM]}
    probability = (200, {"replies": answer["probability"]})
    assert post(client, **envelope) == probability
    assert post(client, **envelope, userDefinedContext={"answer": "probability"}) == probability
    asked = post(client, **envelope, userDefinedContext={"answer": "delay"})
    assert asked == (200, {"replies": answer["predict"]})


def test_an_integer_may_come_in_a_string(client: TestClient) -> None:
    assert post(client, calls=[["Sky Airline", "N", "7"]]) == post(
        client, calls=[["Sky Airline", "N", 7]]
    )


@pytest.mark.santiago
@pytest.mark.parametrize("argument", range(3))
def test_nulls_answer_null_in_their_place(client: TestClient, argument: int) -> None:
    null = [None if i == argument else value for i, value in enumerate(LATAM)]
    alone = post(client, calls=[LATAM])[1]["replies"]
    assert isinstance(alone, list)
    expected = [None, *alone, None, *alone]
    assert post(client, calls=[null, LATAM, null, LATAM]) == (200, {"replies": expected})


@pytest.mark.santiago
def test_a_fourth_argument_is_the_scheduled_time(client: TestClient) -> None:
    flight = dict(zip(("OPERA", "TIPOVUELO", "MES"), LATAM, strict=True))
    time = "2017-12-01T19:30:00"  # as BigQuery sends a DATETIME
    flights = [flight | {"Fecha-I": time}, flight]
    expected = client.post("/predict?probability=true", json={"flights": flights}).json()
    timed, untimed = expected["probability"]
    assert timed != untimed
    calls = [[*LATAM, time], LATAM, [*LATAM, None], [None, "I", 12, time]]
    assert post(client, calls=calls) == (200, {"replies": [timed, untimed, untimed, None]})


def test_no_calls_have_no_replies(client: TestClient) -> None:
    assert post(client, calls=[]) == (200, {"replies": []})


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ([*LATAM, None, None], "Expected 3 or 4 arguments, got 5 - at `$.calls[2]`"),
        ([*LATAM, 1], "Expected a string, got 1 - at `$.calls[2][3]`"),
        ([*LATAM, "2017-12-32 19:00:00"], 'got "2017-12-32 19:00:00" - at `$.calls[2][3]`'),
        ([*LATAM, "2017-11-01 19:00:00"], "Expected a time within a day of month 12"),
        (LATAM[:2], "Expected 3 or 4 arguments, got 2 - at `$.calls[2]`"),
        (["Copa Aire", "I", 1], 'lists, got "Copa Aire" (did you mean "Copa Air"?)'),
        (["LATAN", "I", 1], "- at `$.calls[2][0]`"),
        ([1, "I", 1], "Expected a string, got 1 - at `$.calls[2][0]`"),
        (["Copa Air", "X", 1], 'Expected one of "I", "N", got "X" - at `$.calls[2][1]`'),
        (["Copa Air", [], 1], "Expected a string, got [] - at `$.calls[2][1]`"),
        (["Copa Air", "I", 13], "an integer from 1 to 12, got 13 - at `$.calls[2][2]`"),
        (["Copa Air", "I", "0"], "an integer from 1 to 12, got 0 - at `$.calls[2][2]`"),
        (["Copa Air", "I", "x"], 'Expected an integer, got "x" - at `$.calls[2][2]`'),
        (["Copa Air", "I", True], "Expected an integer, got true - at `$.calls[2][2]`"),
        (["Copa Air", "I", 1.0], "Expected an integer, got 1.0 - at `$.calls[2][2]`"),
        ("x", "Expected an array, got a string - at `$.calls[2]`"),
    ],
)
def test_a_bad_call_is_named_by_its_row(client: TestClient, call: object, message: str) -> None:
    status, answer = post(client, calls=[LATAM, [None, "I", 1], call, LATAM])
    assert status == 400
    assert list(answer) == ["errorMessage"]
    assert message in str(answer["errorMessage"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Expected the field `calls`, got none - at `$.calls`"),
        ({"calls": {}}, "Expected an array, got an object - at `$.calls`"),
        (
            {"calls": [], "userDefinedContext": {"answer": "x"}},
            "Expected probability or delay, got x - at `$.userDefinedContext.answer`",
        ),
    ],
)
def test_a_bad_request_is_a_400_in_bigquerys_words(
    client: TestClient, body: dict[str, object], message: str
) -> None:
    assert post(client, **body) == (400, {"errorMessage": message})


def test_more_calls_than_the_bound_are_too_many(client: TestClient) -> None:
    message = "Expected at most 10000 calls, got 10001 - at `$.calls`"
    assert post(client, calls=[LATAM] * 10_001) == (413, {"errorMessage": message})

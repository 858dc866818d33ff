"""The function answers BigQuery's remote calls, and says which row it cannot answer."""

import pytest
from starlette.testclient import TestClient

LATAM = ["Grupo LATAM", "I", 12]
TIME = "2017-12-01T19:30:00"  # as BigQuery sends a DATETIME


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
    flights = [flight | {"Fecha-I": TIME}, flight]
    expected = client.post("/predict?probability=true", json={"flights": flights}).json()
    timed, untimed = expected["probability"]
    assert timed != untimed
    calls = [[*LATAM, TIME], LATAM, [*LATAM, None], [None, "I", 12, TIME]]
    assert post(client, calls=calls) == (200, {"replies": [timed, untimed, untimed, None]})


@pytest.mark.santiago
def test_a_fifth_argument_is_the_day_so_far(client: TestClient) -> None:
    flight = dict(zip(("OPERA", "TIPOVUELO", "MES"), LATAM, strict=True)) | {"Fecha-I": TIME}
    flights = [flight | {"HOY": share} for share in (0, 0.6, None)]
    expected = client.post("/predict?probability=true", json={"flights": flights}).json()
    good, bad, without = expected["probability"]
    assert len({good, bad, without}) == 3
    days = [0, 0.6, 1, None]
    calls = [*([*LATAM, TIME, day] for day in days), [None, "I", 12, TIME, 0.6]]
    assert post(client, calls=calls) == (200, {"replies": [good, bad, bad, without, None]})


@pytest.mark.santiago
@pytest.mark.parametrize(
    "unknown",
    [["LATAN", "I", 1], ["Copa Air", "X", 1], ["Copa Air", "I", 13], ["x", "y", "-1", TIME]],
)
def test_what_the_model_does_not_know_is_null_where_the_context_asks_for_it(
    client: TestClient, unknown: list[object]
) -> None:
    calls, context = [LATAM, unknown, LATAM], {"unknown": "null", "answer": "delay"}
    alone = post(client, calls=[LATAM], userDefinedContext={"answer": "delay"})[1]["replies"]
    assert isinstance(alone, list)
    assert post(client, calls=calls, userDefinedContext=context) == (
        200,
        {"replies": [*alone, None, *alone]},
    )
    assert post(client, calls=calls)[0] == 400


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("call", "place"),
    [
        ([1, "I", 1], "$.calls[1][0]"),
        (["LATAN", "I", "x"], "$.calls[1][2]"),
        (["LATAN", "I", 1, "yesterday"], "$.calls[1][3]"),
        ([*LATAM, "2017-06-15 19:00:00"], "$.calls[1][3]"),
        (["LATAN", "I", 1, TIME, 40], "$.calls[1][4]"),
        (["LATAN", "I", 1, None, 0.4], "$.calls[1][4]"),
        (["LATAN", "I"], "$.calls[1]"),
    ],
)
def test_other_faults_are_refused_where_what_is_unknown_is_null(
    client: TestClient, call: list[object], place: str
) -> None:
    status, answer = post(client, calls=[LATAM, call], userDefinedContext={"unknown": "null"})
    assert status == 400
    assert str(answer["errorMessage"]).endswith(f" - at `{place}`")


@pytest.mark.santiago
def test_a_null_context_is_none(client: TestClient) -> None:
    assert post(client, calls=[LATAM], userDefinedContext=None) == post(client, calls=[LATAM])


@pytest.mark.santiago
def test_a_fraction_of_a_second_is_cut_off(client: TestClient) -> None:
    last, rounded = "2017-12-31 23:59:59", "2017-12-31 23:59:59.9999999"
    assert post(client, calls=[[*LATAM, rounded]]) == post(client, calls=[[*LATAM, last]])


def test_no_calls_have_no_replies(client: TestClient) -> None:
    assert post(client, calls=[]) == (200, {"replies": []})


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ([*LATAM, None, None, 1], "Expected at most 5 values, got 6 - at `$.calls[2]`"),
        ([*LATAM, TIME, "0.4"], "or null, got a string - at `$.calls[2][4]`"),
        ([*LATAM, TIME, True], "or null, got a boolean - at `$.calls[2][4]`"),
        ([*LATAM, TIME, 40], "such as 0.4 for 40 %, got 40 - at `$.calls[2][4]`"),
        ([*LATAM, TIME, -0.1], "such as 0.4 for 40 %, got -0.1 - at `$.calls[2][4]`"),
        ([*LATAM, None, 0.4], "Expected `Fecha-I` beside `HOY`, got none - at `$.calls[2][4]`"),
        ([*LATAM, 1], "Expected a string or null, got an integer - at `$.calls[2][3]`"),
        ([*LATAM, "2017-12-32 19:00:00"], 'got "2017-12-32 19:00:00" - at `$.calls[2][3]`'),
        ([*LATAM, "2017-11-01 19:00:00"], "Expected a time within a day of month 12"),
        (LATAM[:2], "Expected at least 3 values, got 2 - at `$.calls[2]`"),
        (["Copa Aire", "I", 1], 'lists, got "Copa Aire" (did you mean "Copa Air"?)'),
        (["LATAN", "I", 1], "- at `$.calls[2][0]`"),
        ([1, "I", 1], "Expected a string or null, got an integer - at `$.calls[2][0]`"),
        (["Copa Air", "X", 1], 'Expected one of "I", "N", got "X" - at `$.calls[2][1]`'),
        (["Copa Air", [], 1], "Expected a string or null, got an array - at `$.calls[2][1]`"),
        (["Copa Air", "I", 13], "an integer from 1 to 12, got 13 - at `$.calls[2][2]`"),
        (["Copa Air", "I", "0"], "an integer from 1 to 12, got 0 - at `$.calls[2][2]`"),
        (["Copa Air", "I", "x"], 'Expected an integer, got "x" - at `$.calls[2][2]`'),
        (
            ["Copa Air", "I", True],
            "Expected an integer or null, got a boolean - at `$.calls[2][2]`",
        ),
        (
            ["Copa Air", "I", 1.0],
            "Expected an integer or null, got a decimal number - at `$.calls[2][2]`",
        ),
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
            {"calls": [], "userDefinedContext": {"unknown": "NULL"}},
            "Expected null, got NULL - at `$.userDefinedContext.unknown`",
        ),
        (
            {"calls": [], "userDefinedContext": []},
            "Expected an object or null, got an array - at `$.userDefinedContext`",
        ),
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


@pytest.mark.parametrize(
    "body", [b"[]", b'{"calls":[["\\ud800\\u0041","N",1]]}', b'{"calls":[["","","","",1,1,]]}']
)
def test_what_cannot_be_read_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/bigquery", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].endswith(" - at `$`")


def test_more_calls_than_the_bound_are_too_many(client: TestClient) -> None:
    message = "Expected at most 10000 calls, got 10001 - at `$.calls`"
    assert post(client, calls=[LATAM] * 10_001) == (413, {"errorMessage": message})

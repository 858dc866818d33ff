"""A deployed function is asked over HTTP and answers as its model does."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import numpy as np
import pandas as pd
import pytest

from tests.support.servers import listening
from tests.support.wire import serve
from training.errors import UserError
from training.flights.features import FEATURES, flights_of
from training.project import ARTIFACTS
from training.release.answering import Deployed, ModelFile


@pytest.fixture(scope="module")
def published() -> ModelFile:
    return ModelFile(ARTIFACTS / "model.onnx")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve() as served:
        yield f"{served.url}/"


def some_flights(published: ModelFile, number: int) -> pd.DataFrame:
    categories = published.description.categories
    cells = np.random.default_rng(3).integers(0, 23 * 2 * 12, number) * 25 * 8 * 9
    timed, day = np.random.default_rng(4).integers(0, [[24 * 7], [9]], (2, number))
    timed = np.where(timed % 3, ((timed // 7 + 1) * 8 + timed % 7 + 1) * 9 + day, 0)
    return flights_of(cells + timed, categories)[FEATURES]


@pytest.mark.santiago
def test_it_gives_the_same_bits_for_more_flights_than_one_request_takes(
    published: ModelFile, url: str
) -> None:
    flights = some_flights(published, 20_001)

    answer, expected = Deployed(url).predict(flights), published.predict(flights)

    assert answer.probability.tobytes() == expected.probability.tobytes()
    assert answer.delay.tobytes() == expected.delay.tobytes()


@pytest.mark.santiago
def test_it_says_of_itself_what_its_file_says(published: ModelFile, url: str) -> None:
    described = Deployed(url).description

    assert described.model_version == published.description.model_version
    assert described.metrics == published.description.metrics
    assert described.training_counts == published.description.training_counts


class Replies(BaseHTTPRequestHandler):
    """A server that answers GET, but POST as another model or not at all."""

    model = b'{"model_version":"a","categories":{"OPERA":["x"],"TIPOVUELO":["N"],"MES":[1]},'
    model += b'"threshold":0.2,"metrics":{},"training_counts":[]}'

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Bearer good"
        self._send(*((200, self.model) if known else (403, b"<html>Forbidden")))

    def do_POST(self) -> None:
        self._send(200, b'{"predict":[0],"probability":[0.1]}')

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Model-Version", "a" if self.command == "GET" else "b")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def other() -> Iterator[str]:
    with listening(Replies) as url:
        yield url


@pytest.fixture
def flight() -> pd.DataFrame:
    return pd.DataFrame([["x", "N", 1, -1, "", -1]], columns=FEATURES)


def test_a_change_of_the_model_while_it_is_asked_is_refused(
    other: str, flight: pd.DataFrame
) -> None:
    deployed = Deployed(other, "good")

    with pytest.raises(UserError, match=r"two models answer, a and b\. Try again"):
        deployed.predict(flight)


def test_a_token_that_is_refused_is_said(other: str) -> None:
    with pytest.raises(UserError, match=r"^Cannot ask http://.*/model: 403, <html>Forbidden\.$"):
        Deployed(other, "bad")


@pytest.mark.parametrize("address", ["puntual.example", "file:///etc/passwd", ""])
def test_what_is_no_address_of_a_function_is_refused(address: str) -> None:
    with pytest.raises(UserError, match=r"^Expected the address of a function"):
        Deployed(address)


def test_a_function_that_cannot_be_reached_is_said() -> None:
    with pytest.raises(UserError, match=r"^Cannot ask http://127\.0\.0\.1:9/model: "):
        Deployed("http://127.0.0.1:9")


def test_a_page_that_is_no_model_is_refused(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replies, "model", b"<html>")

    with pytest.raises(UserError, match=r"/model is not a model's"):
        Deployed(other, "good")

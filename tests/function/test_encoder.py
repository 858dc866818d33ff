"""The function's one-hot mapping is the fitted encoder's, and unknowns are told apart."""

import numpy as np
import pytest

from function.encoder import Encoder
from function.errors import RequestError
from function.flights import Flight
from training.flights.counts import Counts
from training.flights.features import every_flight, one_hot
from training.model import DelayModel


@pytest.fixture
def encoder(santiago: Counts) -> Encoder:
    """Return the encoder of Santiago."""
    return Encoder(santiago.categories)


def refusal(encoder: Encoder, *flights: Flight) -> RequestError:
    with pytest.raises(RequestError) as raised:
        encoder.cells(flights)
    return raised.value


@pytest.mark.parametrize("airport", ["santiago", "elsewhere"])
def test_one_hot_rows_are_those_of_scikit_learn(
    airport: str, request: pytest.FixtureRequest
) -> None:
    counts: Counts = request.getfixturevalue(airport)
    flights = every_flight(counts.categories)
    encoder = Encoder(counts.categories)
    expected = one_hot(flights, counts.categories).to_numpy()
    assert encoder.one_hot.dtype == np.float32
    assert np.array_equal(encoder.one_hot, expected)


def test_cells_number_the_possible_flights_in_order(oracle: DelayModel, encoder: Encoder) -> None:
    rows = every_flight(oracle.categories).itertuples(index=False, name=None)
    assert encoder.cells([Flight(*row) for row in rows]).tolist() == list(range(552))


def test_no_flights_have_no_cells(encoder: Encoder) -> None:
    assert encoder.cells([]).tolist() == []


@pytest.mark.parametrize(
    ("flight", "field", "message"),
    [
        pytest.param(
            Flight("Sky Airlines", "N", 3),
            "OPERA",
            "Expected one of the 23 values that `GET /model` lists, "
            'got "Sky Airlines" (did you mean "Sky Airline"?)',
            id="near miss",
        ),
        pytest.param(
            Flight("KLM", "N", 3), "OPERA", 'got "KLM" (did you mean "K.L.M."?)', id="without dots"
        ),
        pytest.param(Flight("Pan Am", "N", 3), "OPERA", 'got "Pan Am"', id="nothing near"),
        pytest.param(Flight("x" * 99, "N", 3), "OPERA", f'got "{"x" * 59}…', id="long name"),
        pytest.param(
            Flight("Sky Airline", "n", 3),
            "TIPOVUELO",
            'Expected one of "I", "N", got "n" (did you mean "N"?)',
            id="type",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 13),
            "MES",
            "Expected an integer from 1 to 12, got 13",
            id="month",
        ),
        pytest.param(
            Flight("Sky Airline", "N", 10**30),
            "MES",
            "Expected an integer from 1 to 12, got a number out of range",
            id="large month",
        ),
    ],
)
def test_an_unknown_category_is_refused_with_what_was_meant(
    encoder: Encoder, flight: Flight, field: str, message: str
) -> None:
    error = refusal(encoder, Flight("Sky Airline", "N", 3), flight, flight)
    assert error.path == f"$.flights[1].{field}"
    assert str(error).endswith(f"{message} - at `{error.path}`")


def test_months_with_a_gap_are_listed(elsewhere: Counts) -> None:
    error = refusal(Encoder(elsewhere.categories), Flight("Ñandú Air", "N", 4))
    assert str(error).startswith("Expected one of 1, 2, 3, 5, 8, 11, 12, got 4")

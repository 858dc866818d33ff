"""The settings of an airport are read strictly, and belong to its own flights."""

from pathlib import Path

import pytest

from training.errors import UserError
from training.project import ROOT, airport_of, load
from training.tables.columns import Columns


@pytest.mark.santiago
def test_the_committed_settings_are_santiagos() -> None:
    airport = load()
    assert Path(airport.data) == ROOT / "data" / "scl_2017.csv"
    assert (airport.place, airport.period) == ("Santiago (SCL)", "2017")
    assert not airport.drop_bad
    assert airport.columns == Columns()


def test_a_fork_names_its_flights_and_their_columns(tmp_path: Path) -> None:
    path = tmp_path / "airport.toml"
    path.write_text(
        """
        data = "spark:flights.departures"
        place = "Elsewhere"
        drop_bad = true
        [columns]
        airline = "carrier"
        scheduled = "planned"
        delay = "late"
        type_value = "N"
        [types]
        Int = "I"
        """
    )
    airport = load(path)
    assert (airport.data, airport.place, airport.period) == (
        "spark:flights.departures",
        "Elsewhere",
        None,
    )
    assert airport.drop_bad
    assert airport.columns == Columns(
        "carrier", scheduled="planned", delay="late", type_value="N", types=(("Int", "I"),)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('data = "x"\nplaces = "y"', "unknown field `places`", id="unknown key"),
        pytest.param('data = "x"\n[columns]\nhour = "h"', "unknown field `hour`", id="column"),
        pytest.param('place = "y"', "missing required field `data`", id="no data"),
        pytest.param("data = 1", "Expected `str`, got `int`", id="no text"),
        pytest.param("data =", "Invalid value", id="no TOML"),
    ],
)
def test_what_is_no_setting_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "airport.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=reason):
        load(path)


def test_settings_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "airport.toml")


@pytest.mark.santiago
def test_place_and_period_belong_to_the_projects_own_flights() -> None:
    ours = load()
    assert airport_of(None, None, None) == ours
    assert airport_of("data/scl_2017.csv", None, None) == ours
    other = airport_of("other.csv", None, None)
    assert (other.data, other.place, other.period) == ("other.csv", None, None)
    assert airport_of("other.csv", "Here", "2020").place == "Here"

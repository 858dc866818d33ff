"""DelayModel keeps the interface and the published result of the delay challenge."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from training import challenge
from training.flights.counts import Counts, weighted_rows
from training.flights.features import (
    FEATURES,
    TOP10,
    columns_of,
    encoder_of,
    in_each_way,
    one_hot,
    without_time,
)
from training.flights.split import split_rows
from training.model import DelayModel

PUBLISHED = [[9556, 8738], [1313, 2901]]


@pytest.fixture
def flights() -> pd.DataFrame:
    """Return some flights as the challenge's table has them."""
    return pd.DataFrame(
        {
            "OPERA": ["Sky Airline", "Copa Air", "Sky Airline", "Copa Air"],
            "TIPOVUELO": ["N", "I", "N", "I"],
            "MES": [7, 7, 10, 3],
            "Fecha-I": [f"2017-{day} 10:00:00" for day in ("07-01", "07-01", "10-07", "03-04")],
            "Fecha-O": [
                *("2017-07-01 10:16:00", "2017-07-01 10:15:00", "2017-10-07 10:15:00"),
                "2017-03-04 10:15:00",
            ],
        }
    )


def test_the_rows_give_the_published_confusion_matrix(raw_flights: Path, tmp_path: Path) -> None:
    model = DelayModel(store=tmp_path / "model.ubj")
    features, target = model.preprocess(pd.read_csv(raw_flights, low_memory=False), "delay")
    train = split_rows(len(features)) == "train"
    model.fit(features[train], target[train])
    predicted = model.predict(features[~train])
    assert confusion_matrix(target[~train], predicted).tolist() == PUBLISHED


def test_the_counts_give_the_published_confusion_matrix(tmp_path: Path) -> None:
    model = DelayModel(store=tmp_path / "model.ubj")
    published = challenge.counts()
    model.fit_counts(published.part("train"), published.categories)
    cells = published.part("validation")
    predicted = model.predict(model.preprocess(cells))
    label = np.repeat([1, 0], len(cells))
    weight = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    matrix = confusion_matrix(label, predicted * 2, sample_weight=weight)
    assert matrix.tolist() == PUBLISHED


def test_preprocess_gives_the_ten_columns_and_the_target(flights: pd.DataFrame) -> None:
    features, target = DelayModel().preprocess(flights, target_column="delay")
    assert features.columns.to_list() == list(TOP10)
    assert features["MES_7"].to_list() == [1, 1, 0, 0]
    assert features["OPERA_Latin American Wings"].to_list() == [0, 0, 0, 0]
    assert target.columns.to_list() == ["delay"]
    assert target["delay"].to_list() == [1, 0, 0, 0]


def test_a_target_that_the_data_has_is_taken_as_it_is(flights: pd.DataFrame) -> None:
    given = flights.drop(columns=["Fecha-I", "Fecha-O"]).assign(late=[0, 1, 0, 1])
    _, target = DelayModel().preprocess(given, "late")
    assert target["late"].to_list() == [0, 1, 0, 1]


@pytest.mark.santiago
def test_serving_needs_no_dates_and_leaves_the_frame_alone(flights: pd.DataFrame) -> None:
    served = flights[["MES", "OPERA", "TIPOVUELO"]]
    before = served.copy(deep=True)
    features = DelayModel().preprocess(served)
    assert features.shape == (4, 10)
    pd.testing.assert_frame_equal(served, before)


def test_an_unfitted_model_predicts_as_the_one_that_was_saved(
    flights: pd.DataFrame, tmp_path: Path
) -> None:
    store = tmp_path / "model.ubj"
    fitted = DelayModel(store=store)
    many = pd.concat([flights] * 50, ignore_index=True)
    fitted.fit(*fitted.preprocess(many, "delay"))
    assert not store.exists()
    fitted.save()
    loaded = DelayModel(store=store)
    features = loaded.preprocess(flights)
    assert loaded.predict(features) == fitted.predict(features)
    assert loaded.margin(features).tolist() == fitted.margin(features).tolist()
    assert set(loaded.predict(features)) == {0, 1}


@pytest.mark.santiago
def test_the_published_artifacts_hold_what_an_unfitted_model_loads(flights: pd.DataFrame) -> None:
    model = DelayModel()
    predicted = model.predict(model.preprocess(flights))
    assert len(predicted) == 4
    assert all(type(each) is int for each in predicted)


def test_without_a_stored_model_the_way_to_one_is_named(
    flights: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.ubj does not exist\. Run `make train`"):
        DelayModel(store=tmp_path / "nowhere.ubj").preprocess(flights)


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("column", "value"), [("OPERA", "Sky Airlines"), ("TIPOVUELO", "n"), ("MES", 13)]
)
def test_an_unknown_category_is_named_with_its_column(
    flights: pd.DataFrame, column: str, value: object
) -> None:
    flights[column] = [*flights[column][:-1], value]
    with pytest.raises(ValueError, match=f"got {value!r} in the column `{column}`"):
        DelayModel().preprocess(flights)


def test_the_fitted_model_is_kept_where_the_challenge_looks_for_it(flights: pd.DataFrame) -> None:
    model = DelayModel()
    many = pd.concat([flights] * 50, ignore_index=True)
    features, target = model.preprocess(many, "delay")
    model.fit(features, target)
    assert model._model is not None
    assert model._model.predict(features).tolist() == model.predict(features)


def test_the_time_of_a_flight_is_learned_and_asked_for(flights: pd.DataFrame) -> None:
    model = DelayModel(None)
    many = pd.concat([flights] * 50, ignore_index=True)
    features, target = model.preprocess(many, "delay")
    assert len(features.columns) == 2 + 2 + 3 + 25 + 8 + 1
    assert features[["HORA_10", "DIANOM_Sabado"]].iloc[0].to_list() == [1, 1]
    model.fit(features, target)
    untimed = model.preprocess(flights.drop(columns=["Fecha-I", "Fecha-O"]))
    assert untimed[["HORA_-1", "DIANOM_"]].iloc[0].to_list() == [1, 1]


def test_each_flight_is_learned_in_each_way_that_it_can_be_asked() -> None:
    names = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM", "HOY", "flights", "delayed"]
    rows: list[tuple[object, ...]] = [
        ("A", "N", 1, 7, "Lunes", 2, 5, 1),
        ("A", "N", 1, 7, "Lunes", 3, 7, 3),
        ("A", "N", 1, 8, "Lunes", -1, 2, 0),
        ("A", "N", 1, -1, "", -1, 4, 4),
    ]
    ways = in_each_way(pd.DataFrame(rows, columns=names))
    expected = [
        *rows[:2],
        ("A", "N", 1, 7, "Lunes", -1, 12, 4),
        ("A", "N", 1, 8, "Lunes", -1, 2, 0),
        ("A", "N", 1, -1, "", -1, 18, 8),
    ]
    assert [tuple(row) for row in ways[names].to_numpy().tolist()] == expected


def test_a_fit_on_counts_is_that_on_each_flight_in_each_way(elsewhere_timed: Counts) -> None:
    train, known = elsewhere_timed.part("train"), elsewhere_timed.categories
    ways = pd.concat([train[train["HORA"] != -1], without_time(train)], ignore_index=True)
    delay_rate = train["delayed"].sum() / train["flights"].sum()
    rows, label, weight = weighted_rows(ways)
    by_hand = DelayModel(None).learn(known)
    target = pd.DataFrame({"delay": label})
    by_hand.fit(by_hand.preprocess(rows), target, weight, delay_rate)
    fitted = DelayModel(None).fit_counts(train, known)
    features = fitted.preprocess(train)
    assert fitted.probability(features) == pytest.approx(by_hand.probability(features), abs=1e-6)


def test_one_hot_columns_are_those_of_the_encoder_that_graphs_begin_with(
    santiago: Counts, elsewhere_timed: Counts
) -> None:
    for counts in (santiago, elsewhere_timed):
        flights = counts.table[FEATURES]
        encoder = encoder_of(counts.categories)
        found = one_hot(flights, counts.categories)
        assert found.to_numpy().tobytes() == encoder.transform(flights).tobytes()
        # scikit-learn names each column after its step first.
        names = [name.partition("__")[2] for name in encoder.get_feature_names_out()]
        assert found.columns.to_list() == names == columns_of(counts.categories)


def test_one_class_alone_cannot_be_fitted(flights: pd.DataFrame, tmp_path: Path) -> None:
    model = DelayModel(store=tmp_path / "model.ubj")
    features, target = model.preprocess(flights, "delay")
    with pytest.raises(ValueError, match="got one class"):
        model.fit(features[1:], target[1:])
    assert model._model is None


@pytest.mark.santiago
def test_features_of_another_shape_are_refused(flights: pd.DataFrame) -> None:
    model = DelayModel()
    with pytest.raises(ValueError, match="Expected the columns"):
        model.predict(model.preprocess(flights)[list(TOP10[::-1])])


def test_fitting_needs_categories_from_a_target() -> None:
    with pytest.raises(ValueError, match="Preprocess a target first"):
        DelayModel().fit(pd.DataFrame(), pd.DataFrame())


@pytest.mark.santiago
def test_the_probability_is_calibrated_and_the_decision_balanced(
    santiago: Counts, oracle: DelayModel
) -> None:
    cells = in_each_way(santiago.part("train"))  # as the model learns them
    features = oracle.preprocess(cells)
    p = oracle.probability(features)
    mean = np.average(p, weights=cells["flights"])
    assert mean == pytest.approx(oracle.delay_rate, abs=0.005)
    assert ((p > oracle.delay_rate) == np.array(oracle.predict(features))).all()


class Polars:
    """A frame of another library."""

    columns = TOP10

    def to_pandas(self) -> pd.DataFrame:
        raise NotImplementedError


def test_a_frame_of_another_library_is_refused(flights: pd.DataFrame) -> None:
    model = DelayModel()
    features, target = model.preprocess(flights, "delay")
    other: Any = Polars()
    message = r"Expected a pandas\.DataFrame, got a .*\.Polars\. Convert it with `to_pandas\(\)`"
    for ask in (
        lambda: model.preprocess(other, "delay"),
        lambda: model.fit(other, target),
        lambda: model.fit(features, other),
        lambda: model.predict(other),
    ):
        with pytest.raises(ValueError, match=message):
            ask()
    array: Any = features.to_numpy()
    with pytest.raises(ValueError, match=r"Expected a pandas\.DataFrame, got a numpy\.ndarray"):
        model.predict(array)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (float("nan"), "nothing"),
        (0.5, "0.5"),
        (float("inf"), "inf"),
        ("x", "'x'"),
        (None, "nothing"),
    ],
)
def test_features_are_0_and_1(flights: pd.DataFrame, value: object, got: str) -> None:
    model = DelayModel()
    features, target = model.preprocess(pd.concat([flights] * 5, ignore_index=True), "delay")
    model.fit(features, target)
    features["MES_7"] = [*features["MES_7"][:3], value, *features["MES_7"][4:]]
    for ask in (lambda: model.fit(features, target), lambda: model.predict(features)):
        with pytest.raises(ValueError, match=rf"^Expected 0 or 1, got {got} in the column `MES_7`"):
            ask()


@pytest.mark.parametrize("kind", ["int64", "bool", "object", "Float32", "float[pyarrow]"])
def test_features_may_be_of_any_type(flights: pd.DataFrame, kind: str) -> None:
    model = DelayModel()
    features, target = model.preprocess(pd.concat([flights] * 20, ignore_index=True), "delay")
    model.fit(features, target)
    other = features.astype(kind)  # type: ignore[arg-type]
    assert model.predict(other) == model.predict(features) == target["delay"].tolist()


def test_a_target_may_be_a_series(flights: pd.DataFrame) -> None:
    model, other = DelayModel(), DelayModel()
    many = pd.concat([flights] * 20, ignore_index=True)
    features, target = model.preprocess(many, "delay")
    model.fit(features, target)
    other.preprocess(many, "delay")
    series: Any = target["delay"]
    other.fit(features, series)
    assert other.to_bytes() == model.to_bytes()


def test_a_fit_needs_a_label_for_each_flight_and_features_in_order(flights: pd.DataFrame) -> None:
    model = DelayModel()
    features, target = model.preprocess(flights, "delay")
    with pytest.raises(ValueError, match="a label for each flight, got 3 labels and 4 flights"):
        model.fit(features, target[1:])
    with pytest.raises(ValueError, match="got 0 labels and 0 flights"):
        model.fit(features[:0], target[:0])
    with pytest.raises(ValueError, match=r"one column, got \['delay', 'late'\]"):
        model.fit(features, target.assign(late=0))
    with pytest.raises(ValueError, match="Expected the columns"):
        model.fit(features[list(TOP10[::-1])], target)
    with pytest.raises(ValueError, match=r"another one\. Use `target\.loc\[features\.index\]`"):
        model.fit(features, target[::-1])
    model.fit(features, target.set_axis([5, 6, 7, 8]))


def test_months_as_floats_are_saved_and_loaded(flights: pd.DataFrame, tmp_path: Path) -> None:
    many = pd.concat([flights] * 20, ignore_index=True).astype({"MES": float})
    model = DelayModel(None, store=tmp_path / "model.ubj")
    features, target = model.preprocess(many, "delay")
    assert features["MES_7"].sum() == 40
    model.fit(features, target)
    model.save()
    loaded = DelayModel(None, store=model.store)
    assert loaded.predict(loaded.preprocess(many)) == model.predict(features)

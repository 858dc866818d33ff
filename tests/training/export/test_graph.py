"""The graphs have the agreed face, and refuse what they were not trained on."""

from pathlib import Path

import msgspec
import numpy as np
import onnx
import onnxruntime as ort
import pytest

from function.metadata import FORMAT_VERSION, CellCounts, Metadata
from tests.support.at_hand import CATEGORIES, FLIGHT, MODEL
from training.errors import DataError
from training.export.graph import model_graph
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, cells_of
from training.model import DelayModel
from training.project import ARTIFACTS

GRAPHS = ["pipeline.onnx", "model.onnx"]


@pytest.fixture(params=GRAPHS)
def session(request: pytest.FixtureRequest) -> ort.InferenceSession:
    return ort.InferenceSession(ARTIFACTS / request.param)


@pytest.fixture
def metadata() -> Metadata:
    graph = onnx.load(ARTIFACTS / "model.onnx")
    return Metadata.from_properties({each.key: each.value for each in graph.metadata_props})


def face(session: ort.InferenceSession) -> dict[str, tuple[str, list[int | str]]]:
    nodes = [*session.get_inputs(), *session.get_outputs()]
    return {node.name: (node.type, node.shape) for node in nodes}


def test_the_pipeline_takes_strings_and_the_model_a_one_hot_vector() -> None:
    pipeline, model = (face(ort.InferenceSession(ARTIFACTS / name)) for name in GRAPHS)
    outputs = {"delay": ("tensor(int64)", ["N"]), "probability": ("tensor(float)", ["N"])}
    assert model == outputs | {"one_hot": ("tensor(float)", ["N", MODEL.encoder.width])}
    assert pipeline == outputs | {
        "OPERA": ("tensor(string)", [None, 1]),
        "TIPOVUELO": ("tensor(string)", [None, 1]),
        "MES": ("tensor(int64)", [None, 1]),
        "HORA": ("tensor(int64)", [None, 1]),
        "DIANOM": ("tensor(string)", [None, 1]),
        "HOY": ("tensor(int64)", [None, 1]),
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("OPERA", "Nobody"), ("TIPOVUELO", "X"), ("MES", 13), ("HORA", 24)),
        *(("DIANOM", "lunes"), ("HOY", 8)),
    ],
)
def test_an_unknown_category_is_an_error_never_a_zero_row(field: str, value: object) -> None:
    session = ort.InferenceSession(ARTIFACTS / "pipeline.onnx")
    flight = FLIGHT | {"HORA": CATEGORIES.HORA[-1], "DIANOM": CATEGORIES.DIANOM[-1]}
    flight |= {"HOY": CATEGORIES.HOY[-1]}
    inputs = {name: np.array([[known]]) for name, known in flight.items()}
    assert session.run(["delay"], inputs)[0].shape == (1,)
    with pytest.raises(Exception, match="Unknown Category"):
        session.run(None, inputs | {field: np.array([[value]])})


def test_the_graphs_ask_for_no_more_than_bigquery_runs() -> None:
    for name in GRAPHS:
        graph = onnx.load(ARTIFACTS / name)
        assert graph.ir_version == 8
        opsets = {each.domain: each.version for each in graph.opset_import}
        assert opsets == {"": 17, "ai.onnx.ml": 3}


def test_a_column_of_0_takes_the_branch_that_is_stored_next_to_its_node() -> None:
    for name in GRAPHS:
        (trees,) = (
            node
            for node in onnx.load(ARTIFACTS / name).graph.node
            if node.op_type == "TreeEnsembleRegressor"
        )
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in trees.attribute}
        assert {*attributes["nodes_modes"]} == {b"BRANCH_GTE", b"LEAF"}
        assert {*attributes["nodes_values"]} == {0.0, 1.0}  # of leaves, and of branches


def test_both_graphs_carry_the_same_metadata(metadata: Metadata, session: object) -> None:
    assert isinstance(session, ort.InferenceSession)
    properties = session.get_modelmeta().custom_metadata_map
    assert Metadata.from_properties(properties) == metadata
    assert "date" not in " ".join(properties)


@pytest.mark.santiago
def test_the_metadata_says_what_was_trained(metadata: Metadata, santiago: Counts) -> None:
    train = santiago.part("train")
    assert metadata.format_version == FORMAT_VERSION
    assert metadata.categories == santiago.categories
    assert metadata.counts_sha256 == santiago.sha256
    assert metadata.training_delay_rate == train["delayed"].sum() / train["flights"].sum()
    assert metadata.threshold == np.float32(metadata.training_delay_rate)
    assert sum(each.flights for each in metadata.training_counts) == train["flights"].sum()
    assert metadata.libraries["xgboost-cpu"]
    assert metadata.metrics["roc_auc"] > 0.5


@pytest.mark.santiago
def test_the_metadata_counts_each_cell_under_the_encoders_number(
    metadata: Metadata, santiago: Counts
) -> None:
    known = metadata.categories
    months = santiago.part("train").groupby(["OPERA", "TIPOVUELO", "MES"], as_index=False)
    untimed = months[TOTALS].sum()
    train = {row[:3]: row[3:] for row in untimed.itertuples(index=False, name=None)}
    assert len(metadata.training_counts) == len(train)
    for each in metadata.training_counts:
        pair, month = divmod(each.cell, len(known.MES))
        airline, flight_type = divmod(pair, len(known.TIPOVUELO))
        flight = known.OPERA[airline], known.TIPOVUELO[flight_type], known.MES[month]
        assert train[flight] == (each.flights, each.delayed)


@pytest.mark.santiago
def test_the_metadata_counts_each_timed_cell(metadata: Metadata, santiago: Counts) -> None:
    train = santiago.without_day().part("train").groupby(FEATURES, as_index=False)[TOTALS].sum()
    cells = cells_of(train, santiago.categories).tolist()
    expected = dict(zip(cells, train[TOTALS].itertuples(index=False, name=None), strict=True))
    counted = msgspec.json.decode(metadata.timed_training_counts, type=list[CellCounts])
    assert {each.cell: (each.flights, each.delayed) for each in counted} == expected


def test_ten_columns_that_the_flights_do_not_know_are_refused(
    elsewhere: Counts, metadata: Metadata, tmp_path: Path
) -> None:
    model = DelayModel(store=tmp_path / "model.ubj")
    model.learn(elsewhere.categories)
    with pytest.raises(DataError, match=r"know no .*OPERA_Copa Air"):
        model_graph(model, metadata)

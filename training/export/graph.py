"""One ONNX graph from strings to a decision, and the same graph from the one-hot vector on."""

from importlib.metadata import version
from typing import Final

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper, parser
from onnx.compose import merge_models
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from skl2onnx.common.data_types import Int64TensorType, StringTensorType

from function.metadata import Metadata
from training.errors import DataError
from training.flights.features import FEATURES, columns_of, encoder_of
from training.model import DelayModel

# What ONNX Runtime 1.12 takes at most, which BigQuery runs.
OPSETS: Final = {"": 17, "ai.onnx.ml": 3}
IR_VERSION: Final = 8
HEADER: Final = '<ir_version: 8, opset_import: ["": 17, "ai.onnx.ml": 3]>'
LIBRARIES: Final = ("numpy", "onnx", "onnxmltools", "scikit-learn", "skl2onnx", "xgboost-cpu")

# The test with the opposite outcome, for a node whose branches are swapped. A `LEAF` has none.
OPPOSITE: Final = {b"BRANCH_LT": b"BRANCH_GTE", b"LEAF": b"LEAF"}

# For a booster that learnt from `columns`, a choice of the one-hot vector.
CHOICE: Final = """
choice (float[N, {width}] one_hot) => (float[N, C] chosen) {{
    chosen = Gather<axis = 1>(one_hot, columns)
}}
"""

# From XGBoost's margin to the answer, in double so that only the last rounding shows. The margin
# is one of balanced classes; taking off log(negatives / positives) calibrates it.
DECISION: Final = """
decision (float[N, 1] margins) => (int64[N] delay, float[N] probability) {
    margin = Squeeze(margins, one_target)
    margin_double = Cast<to = 11>(margin)
    log_odds = Sub(margin_double, log_imbalance)
    probability_double = Sigmoid(log_odds)
    probability = Cast<to = 1>(probability_double)
    late = Greater(probability, threshold)
    delay = Cast<to = 7>(late)
}
"""


def threshold_of(model: DelayModel) -> float:
    """Return the calibrated probability at a margin of zero, a float32: the delay rate."""
    return float(np.float32(1 / (1 + np.exp(model.log_imbalance))))


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that make a graph."""
    return {name: version(name) for name in LIBRARIES}


def model_graph(model: DelayModel, metadata: Metadata) -> ModelProto:
    """Return the graph from `one_hot`, float32 [N, K], to `delay` and `probability`, both [N]."""
    names = columns_of(model.categories)
    if missing := set(model.columns) - set(names):
        raise DataError(
            f"Cannot convert the model: the flights know no {', '.join(sorted(missing))}. "
            "Train with all features."
        )
    decision = _parse(
        DECISION,
        one_target=np.array([1]),
        log_imbalance=np.array(model.log_imbalance),
        threshold=np.array(threshold_of(model), np.float32),
    )
    source = "one_hot" if model.columns == names else "chosen"
    graph = merge_models(_trees(model, source), decision, [("margins", "margins")])
    if source == "chosen":
        columns = np.array([names.index(name) for name in model.columns])
        choice = _parse(CHOICE.format(width=len(names)), columns=columns)
        graph = merge_models(choice, graph, [("chosen", "chosen")])
    return _finish(graph, metadata)


def pipeline_graph(model: DelayModel, metadata: Metadata) -> ModelProto:
    """Return the graph from the features, [N, 1]: `OPERA`, `TIPOVUELO` and `DIANOM` are strings.

    `MES`, `HORA` and `HOY` are int64; `HOY` is the number of a range of `metadata.SHARES`. It is
    the fitted encoder in front of `model_graph`. An unknown category makes it fail.
    """
    string, integer = StringTensorType([None, 1]), Int64TensorType([None, 1])
    encoder = to_onnx(
        encoder_of(model.categories),
        initial_types=[
            (name, string if isinstance(getattr(model.categories, name)[0], str) else integer)
            for name in FEATURES
        ],
        target_opset=OPSETS,
    )
    _align(encoder)
    encoded = [(encoder.graph.output[0].name, "one_hot")]
    return _finish(merge_models(encoder, model_graph(model, metadata), encoded), metadata)


def _trees(model: DelayModel, source: str) -> ModelProto:
    """Return the booster as one node from `source`, [N, columns], to `margins`, [N, 1].

    The converter writes a classifier of two classes, or a regressor where no tree has a split. A
    regressor adds up the same leaves in the same order, and takes ONNX Runtime 0.75 of the time.

    ONNX Runtime stores a node's false branch right behind it. Most one-hot columns are 0, so 0 is
    made the false branch, which saves another tenth.
    """
    width = len(model.columns)
    initial_types = [(source, FloatTensorType([None, width]))]
    (ensemble,) = convert_xgboost(model.booster, initial_types=initial_types).graph.node
    trees = {each.name: helper.get_attribute_value(each) for each in ensemble.attribute}
    trees["nodes_modes"] = [OPPOSITE[mode] for mode in trees["nodes_modes"]]
    true, false = "nodes_truenodeids", "nodes_falsenodeids"
    trees[true], trees[false] = trees[false], trees[true]
    leaves = "class" if "class_ids" in trees else "target"
    regressor = helper.make_node(
        "TreeEnsembleRegressor",
        [source],
        ["margins"],
        domain="ai.onnx.ml",
        n_targets=1,
        post_transform="NONE",  # its own sigmoid differs from XGBoost's by up to 236 ULP
        **{name: value for name, value in trees.items() if name.startswith("nodes_")},
        **{
            f"target_{of}": trees[f"{leaves}_{of}"]
            for of in ("ids", "nodeids", "treeids", "weights")
        },
    )
    described = (
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", columns])
        for name, columns in ((source, width), ("margins", 1))
    )
    inputs, outputs = ([each] for each in described)
    graph = helper.make_graph([regressor], "trees", inputs, outputs)
    return _align(helper.make_model(graph))


def _parse(text: str, **initializers: np.ndarray) -> ModelProto:
    model = parser.parse_model(HEADER + text)
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in initializers.items()
    )
    return model


def _align(model: ModelProto) -> ModelProto:
    """Set the versions that every part shares; in a fixed order, which converters do not keep."""
    model.ir_version = IR_VERSION
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*opset) for opset in OPSETS.items())
    return model


def _finish(model: ModelProto, metadata: Metadata) -> ModelProto:
    _align(model)
    model.graph.name = "puntual"
    model.graph.doc_string = model.doc_string = ""
    model.producer_name, model.producer_version = "puntual", ""
    del model.metadata_props[:]
    helper.set_model_props(model, metadata.to_properties())
    onnx.checker.check_model(model, full_check=True)
    return model

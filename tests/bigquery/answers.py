"""Answer every possible flight with the ONNX Runtime of this Python, as BigQuery would.

Run by the Python of its own environment, so it imports nothing of the project: it reads arrays of
inputs from FLIGHTS, asks GRAPH for them in parts, and writes the answers to ANSWERS.
"""

import sys

import numpy as np
import onnxruntime as ort

PART = 10_000


def main(graph: str, flights: str, answers: str) -> None:
    """Answer the flights of one file."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(graph, options)
    with np.load(flights, allow_pickle=True) as inputs:
        rows = {name: inputs[name] for name in inputs.files}
    names = ["delay", "probability"]
    parts = []
    for start in range(0, len(rows["OPERA"]), PART):
        part = {name: values[start : start + PART] for name, values in rows.items()}
        parts.append(session.run(names, part))
    delay, probability = map(np.concatenate, zip(*parts, strict=True))
    np.savez(answers, delay=delay, probability=probability)


if __name__ == "__main__":
    main(*sys.argv[1:])

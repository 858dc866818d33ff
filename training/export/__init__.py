"""From a fitted model to ONNX, and the proof that both answer alike."""

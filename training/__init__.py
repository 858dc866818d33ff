"""Fit the encoder and XGBoost on flights, and write them as one ONNX graph."""

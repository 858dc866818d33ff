"""What a careful engineer would pick: FastAPI, NumPy and ONNX Runtime, without pandas."""

import json
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, Field, NaiveDatetime, model_validator

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

MODEL = Path(__file__).parents[4] / "artifacts" / "model.onnx"
DAYS = ["Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo"]


class Flight(BaseModel):
    """One flight."""

    OPERA: str
    TIPOVUELO: str
    MES: int
    scheduled: NaiveDatetime | None = Field(None, alias="Fecha-I")

    @model_validator(mode="after")
    def check_month(self) -> "Flight":
        """Refuse a time that is not within a day of the month."""
        time, day = self.scheduled, timedelta(days=1)
        near = time is None or self.MES in {(time + days * day).month for days in (-1, 0, 1)}
        if not near:
            raise ValueError("Fecha-I must be within a day of the month MES")
        return self


class Flights(BaseModel):
    """The body of a request."""

    flights: list[Flight]


class Delays(BaseModel):
    """The answer: 0 or 1 for each flight."""

    predict: list[int]


options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(MODEL, options)
categories = json.loads(session.get_modelmeta().custom_metadata_map["categories"])
columns = [(name, value) for name, known in categories.items() for value in known]
place = {column: index for index, column in enumerate(columns)}

app = FastAPI()


@app.post("/predict")
async def predict(payload: Flights) -> Delays:
    """Answer 0 or 1 for each flight."""
    one_hot = np.zeros((len(payload.flights), len(columns)), np.float32)
    for row, flight in enumerate(payload.flights):
        time = flight.scheduled
        one_hot[row, place["OPERA", flight.OPERA]] = 1
        one_hot[row, place["TIPOVUELO", flight.TIPOVUELO]] = 1
        one_hot[row, place["MES", flight.MES]] = 1
        one_hot[row, place["HORA", time.hour if time else -1]] = 1
        one_hot[row, place["DIANOM", DAYS[time.weekday()] if time else ""]] = 1
        one_hot[row, place["HOY", -1]] = 1  # the day so far, which no request gives
    (delay,) = session.run(["delay"], {"one_hot": one_hot})
    return Delays(predict=delay.tolist())

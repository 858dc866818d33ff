"""What the challenge's users run: FastAPI, pandas, scikit-learn's encoder, XGBoost."""

import json
from pathlib import Path

import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, Field, NaiveDatetime
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier

ARTIFACTS = Path(__file__).parents[4] / "artifacts"
DAYS = ["Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo"]


class Flight(BaseModel):
    """One flight."""

    OPERA: str
    TIPOVUELO: str
    MES: int
    scheduled: NaiveDatetime | None = Field(None, alias="Fecha-I")


class Flights(BaseModel):
    """The body of a request."""

    flights: list[Flight]


model = XGBClassifier()
model.load_model(ARTIFACTS / "booster.ubj")
categories = json.loads(model.get_booster().attr("categories") or "")
encoder = OneHotEncoder(categories=list(categories.values()), sparse_output=False)
encoder.fit(pd.DataFrame({name: known[:1] for name, known in categories.items()}))

app = FastAPI()


@app.post("/predict")
async def predict(payload: Flights) -> dict[str, list[int]]:
    """Answer 0 or 1 for each flight."""
    flights = pd.DataFrame([flight.model_dump() for flight in payload.flights])
    times = pd.to_datetime(flights["scheduled"])
    flights["HORA"] = times.dt.hour.fillna(-1).astype(int)
    flights["DIANOM"] = times.dt.weekday.map(dict(enumerate(DAYS))).fillna("")
    flights["HOY"] = -1  # the day so far, which no request gives
    return {"predict": model.predict(encoder.transform(flights[[*categories]])).tolist()}

"""A service of a made-up model, in place of the function."""

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route


class Service:
    """Answers for a made-up model, as the function does, and keeps what it was asked."""

    def __init__(self, page: Page, **changes: object) -> None:
        self.asked: list[list[dict[str, Any]]] = []
        self.model: dict[str, Any] = {
            "model_version": "made up",
            "place": None,
            "period": None,
            "threshold": 0.2,
            "categories": {
                "OPERA": ["Ñandú Air", "Sud & Ouest"],
                "TIPOVUELO": ["I", "N"],
                "MES": [1, 2, 3],
                "HORA": [*range(-1, 24)],
                "DIANOM": ["", *"1234567"],
                "HOY": [*range(-1, 8)],
            },
            "training_counts": [[0, 100, 20], [5, 50, 10]],
        } | changes
        page.route("**/model", lambda route: route.fulfill(json=self.model))
        page.route("**/predict*", self._predict)
        page.route("**/explain", self._explain)

    def _predict(self, route: Route) -> None:
        assert urlsplit(route.request.url).query == "probability=true&training=true"
        flights = json.loads(route.request.post_data or "")["flights"]
        self.asked.append(flights)
        training = {"flights": 1, "delayed": 0, "delay_rate": 0.0}
        answer = {
            "predict": [0] * len(flights),
            "probability": [flight["MES"] / 100 for flight in flights],
            "training": [training] * len(flights),
        }
        route.fulfill(json=answer)

    def _explain(self, route: Route) -> None:
        ((flight,),) = json.loads(route.request.post_data or "").values()
        adds = {"OPERA": -0.01, "TIPOVUELO": 0.0, "MES": flight["MES"] / 100 - 0.19}
        training = {"flights": 10, "delayed": 1, "delay_rate": 0.1}
        reasons = {
            "predict": 0,
            "probability": flight["MES"] / 100,
            "adds": adds,
            "training": training,
        }
        if "Fecha-I" in flight:
            adds |= {"HORA": 0.0, "DIANOM": 0.0}
            reasons["training_without_time"] = training
        if "HOY" in flight:
            adds["HOY"] = 0.0
        route.fulfill(json={"base_rate": 0.2, "explanations": [reasons]})


def categories(service: Service, **changes: object) -> dict[str, object]:
    known: dict[str, object] = service.model["categories"]
    return known | changes

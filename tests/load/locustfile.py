"""The challenge's stress test: users who ask about a flight, one after the other, without pause."""

import random

from locust import HttpUser, constant, task

AIRLINES = ("Aerolineas Argentinas", "Copa Air", "Grupo LATAM", "Sky Airline")


class Traveller(HttpUser):  # type: ignore[misc]  # Locust has its own environment
    """Ask about one flight at a time; an answer that is no answer is a failure."""

    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def predict(self) -> None:
        """Ask whether a flight will leave late."""
        flight = {
            "OPERA": random.choice(AIRLINES),  # noqa: S311  # no secret
            "TIPOVUELO": random.choice("IN"),  # noqa: S311
            "MES": random.randint(1, 12),  # noqa: S311
        }
        asked = self.client.post("/predict", json={"flights": [flight]}, catch_response=True)
        with asked as answer:
            if answer.status_code != 200 or answer.json()["predict"] not in ([0], [1]):
                answer.failure(f"Expected a prediction, got {answer.status_code} {answer.text}")

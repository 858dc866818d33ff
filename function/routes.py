"""The routes: which handler answers a request, and what OpenAPI says of it."""

from typing import Final

from .errors import RequestError, shown
from .handlers import Answer, Handler, Handlers, Query, Route, Routes

_FLAGS: Final = {
    "probability": "Answer the calibrated probability of each flight too",
    "training": "Answer what training saw of each flight too",
}


def routes_of(handlers: Handlers) -> Routes:
    """Return the routes to these handlers."""

    async def openapi(_body: bytes, _query: Query) -> Answer:
        from .openapi import document  # noqa: PLC0415  # keeps cold starts short

        return Answer(await document(routes, handlers.model.metadata))

    predict = Route(handlers.predict, "predict", "Predict delays", "Prediction", flags=_FLAGS)
    at_root = predict._replace(name="predictAtRoot", summary="Predict, as /predict does")
    explain = Route(handlers.explain, "explain", "Predict, and give the reasons", "Explanation")
    remote = "Predict as a remote function of BigQuery"
    bigquery = Route(handlers.bigquery, "bigquery", remote, "Replies", "Calls")
    page = Route(handlers.page, "page", "Show the page for people, whatever is accepted", None)
    health = Route(handlers.health, "health", "Tell that the function answers", "Health")
    metadata = "Show what training says of the model"
    model = Route(handlers.describe_model, "model", metadata, "Metadata")
    description = Route(openapi, "openapi", "Show this description", "object")
    routes = {
        "/": _get(page) | {"POST": at_root},
        "/predict": {"POST": predict},
        "/explain": {"POST": explain},
        "/bigquery": {"POST": bigquery},
        "/health": _get(health),
        "/model": _get(model),
        "/openapi.json": _get(description),
    }
    return routes


def find(routes: Routes, path: str, method: str) -> Handler:
    """Return the handler of a request, or raise a `RequestError` where there is none."""
    if (methods := routes.get(path)) is None:
        message = f"Expected one of the paths {', '.join(routes)}, got {shown(path)}"
        raise RequestError(message, status=404)
    if (route := methods.get(method)) is None:
        allow = ", ".join(methods)
        message = f"Expected {allow} for {path}, got {method}"
        raise RequestError(message, status=405, headers=((b"allow", allow.encode()),))
    return route.handler


def _get(route: Route) -> dict[str, Route]:
    return {"GET": route, "HEAD": route}

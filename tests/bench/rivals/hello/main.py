"""A floor for any function: what the framework costs when there is nothing to answer."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response


@functions_framework.aio.http
async def predict(_request: Request) -> Response:
    """Answer one flight, without a look at it."""
    return Response('{"predict":[0]}', media_type="application/json")

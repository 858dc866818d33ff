"""What is refused before a body is read, while it is, and before anything is served."""

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from function.errors import ModelError
from function.model import Model
from tests.support.paths import ROOT
from tests.support.wire import BODY

MAIN = str(ROOT / "function" / "main.py")


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("br", 415), ("Identity", 200)])
def test_a_coded_body_is_a_415(client: TestClient, coding: str, status: int) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = client.post("/predict", content=BODY, headers=headers)
    assert answer.status_code == status
    if status == 415:
        assert answer.json() == {"error": f"Expected no content encoding, got {coding}"}
        assert answer.headers["accept-encoding"] == "identity"


def test_a_caller_that_leaves_in_its_body_is_no_crash() -> None:
    events = iter([{"type": "http.request", "body": b"{", "more_body": True}])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(events, {"type": "http.disconnect"})

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(create_asgi_app("predict", MAIN)(scope, receive, send))
    assert [event["type"] for event in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 400


def test_a_model_that_must_not_be_served_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, *_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", fail)
    reason = r"^Cannot load .*model\.onnx\.sha256: Permission denied\. Run `make train`"
    with pytest.raises(SystemExit, match=reason):
        create_asgi_app("predict", MAIN)


@pytest.mark.parametrize("missing", ["model.onnx", "model.onnx.sha256"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    for name in {"model.onnx", "model.onnx.sha256"} - {missing}:
        (tmp_path / name).write_text("")
    with pytest.raises(ModelError) as caught:
        Model.verified(tmp_path / "model.onnx")
    assert str(caught.value).startswith(f"Cannot load {tmp_path / missing}: No such file")


@pytest.mark.parametrize("digest", [b"", b"\xff"], ids=["empty", "not UTF-8"])
def test_a_digest_that_is_none_of_the_model_is_refused(tmp_path: Path, digest: bytes) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "model.onnx.sha256").write_bytes(digest)
    with pytest.raises(ModelError, match=r"its SHA-256 is not the one in model\.onnx\.sha256"):
        Model.verified(tmp_path / "model.onnx")

"""uvicorn's HTTP/1.1, with three of its faults mended."""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn_worker import UvicornWorker


class HttpProtocol(HttpToolsProtocol):
    """Read requests with `Upgrade`, answer callers that send no more, forget those that are gone.

    Ignore `Upgrade`, as a server may (RFC 9110, 7.8), but not the body of its request.

    Java's HTTP client and `curl --http2` send it with every request. httptools stops at it, before
    the body, and uvicorn then answers without the body: https://github.com/Kludex/uvicorn/issues/2722.
    Here uvicorn skips the request, as it does for WebSockets, and the parser reads it again without
    `Upgrade`. All other requests are read as uvicorn reads them.

    Where a caller closes its side of the connection after a request, uvicorn closes the other side
    before the answer: https://github.com/Kludex/uvicorn/issues/1264. After a reset, it keeps the
    connection for as long as an idle one.
    """

    def _should_upgrade(self) -> bool:
        return self.scope["method"] != "CONNECT"  # httptools stops there even without `Upgrade`

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio declares it
        """Return whether the caller, which sends no more, still gets an answer."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the caller."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes | memoryview) -> None:
        """Parse what the caller sent."""
        self._unset_keepalive_if_required()
        try:
            while True:
                try:
                    return self.parser.feed_data(data)
                except HttpParserUpgrade as stop:
                    if not self._should_upgrade():
                        return None
                    data = memoryview(data)[stop.args[0] :]
                    self._read_again()
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _read_again(self) -> None:
        method, version = self.scope["method"].encode(), self.scope["http_version"].encode()
        head = [method, b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.parser.feed_data(b"".join([*head, b"\r\n"]))


def install() -> None:
    """Make the server that functions-framework starts use this protocol."""
    UvicornWorker.CONFIG_KWARGS["http"] = HttpProtocol

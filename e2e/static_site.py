"""A bare web server for pages of our own: the observer's tests and the benchmarks' empty page.

It sends the app's content policy and nothing of the app, so that a figure or a finding can be
told apart from what the browser costs or does by itself.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css"}
Tokens = Callable[[], Iterable[bytes]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: ClassVar[Mapping[str, str]]
    streams: ClassVar[Mapping[str, Tokens]]

    def do_GET(self) -> None:
        if self.path in self.streams:
            self._stream(self.streams[self.path])
            return
        text = self.pages.get(self.path)
        body = (text or "not here").encode()
        ending = self.path[self.path.rfind(".") :] if "." in self.path else ""
        self._begin(404 if text is None else 200, TYPES.get(ending, "text/html"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, tokens: Tokens) -> None:
        """Write each token as it comes."""
        self._begin(200, "text/plain")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for token in tokens():
            self.wfile.write(token)

    def _begin(self, status: int, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)

    def log_message(self, *_: object) -> None:
        """Say nothing: a test's output is for what it found."""


@contextmanager
def serve(
    pages: Mapping[str, str], *, streams: Mapping[str, Tokens] | None = None
) -> Iterator[str]:
    """Serve `pages` (path → text) and `streams` (path → what writes it) on a free port; give the
    origin.
    """
    handler = type("Handler", (_Handler,), {"pages": pages, "streams": streams or {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

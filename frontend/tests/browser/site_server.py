"""Serves the built site as the real server does, plus what a test scripts: streams and answers.

Also a page without Python, /blank, on which one module of static/js can be tried alone.
"""

from __future__ import annotations

import http.server
import queue
import threading
from pathlib import Path

CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
BLANK = b"""<!doctype html><html lang=en><title>blank</title>
<link rel=icon href=data:,><body></body></html>"""


class Stream:
    """One scripted event stream at /stream: what is fed goes out at once; `end` closes it."""

    def __init__(self, status: int = 200, content_type: str = "text/event-stream") -> None:
        self.status = status
        self.content_type = content_type
        self.headers: dict[str, str] = {}
        self.opened = threading.Event()
        self.closed_by_page = threading.Event()
        self._chunks: queue.Queue[bytes | None] = queue.Queue()

    def feed(self, chunk: bytes | str) -> None:
        self._chunks.put(chunk.encode() if isinstance(chunk, str) else chunk)

    def end(self) -> None:
        self._chunks.put(None)

    def send_to(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        self.headers = dict(handler.headers)
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.content_type)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.flush()
        self.opened.set()
        try:
            while (chunk := self._chunks.get()) is not None:
                handler.wfile.write(chunk)
                handler.wfile.flush()
        except OSError:
            self.closed_by_page.set()
        handler.close_connection = True


class SiteServer:
    """A web server on a free port; `streams` are handed out to requests of /stream in order."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.streams: queue.Queue[Stream] = queue.Queue()
        self.missing: set[str] = set()
        site = self

        class Handler(_Handler):
            server_of = site

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def stream(self, **options: object) -> Stream:
        """Script the next stream the page will open."""
        stream = Stream(**options)
        self.streams.put(stream)
        return stream

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: SiteServer

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/stream":
            self.server_of.streams.get(timeout=10).send_to(self)
        elif path == "/blank":
            self._send("text/html", BLANK)
        else:
            self._send_file("/index.html" if path == "/" else path)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._send("text/plain", body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a test that fails prints what the page saw."""

    def _send_file(self, path: str) -> None:
        file = self.server_of.root / path.lstrip("/")
        if path in self.server_of.missing or not file.is_file():
            self.send_error(404)
            return
        self._send(self.guess_type(file.name), file.read_bytes())

    def _send(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

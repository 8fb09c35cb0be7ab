"""Serves the built site as the real server does, plus what a test scripts: streams and answers.

The API is that of an empty account: nothing in it, nothing happens to it, nothing is taken. Two
more pages: /blank has no script, so that one module of static/js can be tried alone; /python is
the real page with Python in it, which is ready at once and runs no app.
"""

from __future__ import annotations

import http.server
import json
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
APP = "from holdfast_web.browser.main import start; await start()"
NO_APP = "from holdfast_js import page; page.ready()"

CURSOR = "018bcfe5-6801-7101-8101-0000000000aa.local.0"
ACCOUNT = {
    "account": "local",
    "journal": "018bcfe5-6801-7101-8101-0000000000aa",
    "cursor": CURSOR,
    "threads": [],
    "model": {"name": "moon-7b", "demo": False},
    "models": ["moon-7b"],
    "now": 1_700_000_000_000,
}


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
    """A web server on a free port; `streams` are handed out to requests of /stream in order.

    `missing` are paths that are not there; `posted` is what was sent to the API, oldest first.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.streams: queue.Queue[Stream] = queue.Queue()
        self.missing: set[str] = set()
        self.posted: list[tuple[str, dict]] = []
        self.closing = threading.Event()
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

    def forget(self) -> None:
        """Be as new, for the next test."""
        self.missing.clear()
        self.posted.clear()
        while not self.streams.empty():
            self.streams.get().end()

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: SiteServer

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        match path:
            case "/stream":
                self.server_of.streams.get(timeout=10).send_to(self)
            case "/blank":
                self._send("text/html", BLANK)
            case "/python":
                page = (self.server_of.root / "index.html").read_text("utf-8")
                assert APP in page, "the page starts its app in another way"
                self._send("text/html", page.replace(APP, NO_APP).encode())
            case "/api/bootstrap":
                self._send("application/json", json.dumps(ACCOUNT).encode())
            case "/api/events":
                self._send_events()
            case _:
                self._send_file("/index.html" if path == "/" else path)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/api/"):
            self.server_of.posted.append((self.path, json.loads(body)))
            asked = json.loads(body)
            taken = {"message": asked["id"], "reply": asked["reply"], "cursor": CURSOR}
            self._send("application/json", json.dumps(taken).encode(), status=202)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            echo = {"path": self.path, "body": json.loads(body or "null"), "headers": headers}
            self._send("application/json", json.dumps(echo).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: a test that fails prints what the page saw."""

    def _send_events(self) -> None:
        """The account's stream: a reset for whoever has no cursor; then nothing more happens."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        if "cursor=" not in self.path:
            data = json.dumps(ACCOUNT)
            self.wfile.write(f"event: reset\nid: {CURSOR}\ndata: {data}\n\n".encode())
        self.wfile.write(b'event: caught-up\ndata: {"now": 1700000000000}\n\n')
        self.wfile.flush()
        self.server_of.closing.wait()
        self.close_connection = True

    def _send_file(self, path: str) -> None:
        file = self.server_of.root / path.lstrip("/")
        if path in self.server_of.missing or not file.is_file():
            self.send_error(404)
            return
        self._send(self.guess_type(file.name), file.read_bytes())

    def _send(self, content_type: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

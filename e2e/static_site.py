"""A bare web server for pages of our own: the observer's tests and the benchmarks' empty page.

It sends the app's content policy and nothing of the app, so that a figure or a finding can be
told apart from what the browser costs or does by itself.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css"}


@contextmanager
def serve(pages: Mapping[str, str]) -> Iterator[str]:
    """Serve `pages` (path → text) on a free port; give the origin."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            text = pages.get(self.path)
            body = (text or "not here").encode()
            ending = self.path[self.path.rfind(".") :] if "." in self.path else ""
            self.send_response(404 if text is None else 200)
            self.send_header("Content-Type", f"{TYPES.get(ending, 'text/html')}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: a test's output is for what it found."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

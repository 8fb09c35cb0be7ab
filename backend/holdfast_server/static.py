"""The built page, as plain files under a strict policy.

Knows nothing of the API. Any web server could serve the same folder; what it would have to add
are the headers below.
"""

import mimetypes
import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".whl": "application/zip",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
"""Named here, because what the system knows of media types differs from machine to machine."""

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Precompressed files that may lie beside a file, best first."""

NOT_BUILT = "The page has not been built yet. Run `make build`, then reload.\n"


def page_folder() -> Path:
    """Return where the built page is: in an installed package, else in a source checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "web"
    return installed if installed.is_dir() else package.parent.parent / "frontend" / "dist"


class Page(StaticFiles):
    """Serves the folder; says what to do as long as there is none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._index = folder / "index.html"

    async def check_config(self) -> None:
        """A missing folder is no mistake of the server's: it is told to whoever asks."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as refused:
            if refused.status_code != 404 or self._index.is_file():
                raise
            response = PlainTextResponse(NOT_BUILT, 503)
        response.headers.update(HEADERS)
        return response

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        wanted = Headers(scope=scope)
        path = Path(full_path)
        headers = {"Vary": "Accept-Encoding"}
        for encoding, suffix in ENCODINGS:
            packed = path.with_name(path.name + suffix)
            if accepts(wanted, encoding) and packed.is_file():
                headers["Content-Encoding"] = encoding
                full_path, stat_result = packed, packed.stat()
                break
        response = FileResponse(
            full_path,
            status_code=status_code,
            headers=headers,
            media_type=media_type(path),
            stat_result=stat_result,
        )
        if self.is_not_modified(response.headers, wanted):
            return NotModifiedResponse(response.headers)
        return response


def accepts(headers: Headers, encoding: str) -> bool:
    """Whether the client takes this content encoding."""
    for offer in headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = offer.partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def media_type(path: Path) -> str:
    """Return a file's media type, by its name."""
    known = MEDIA_TYPES.get(path.suffix.lower())
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"

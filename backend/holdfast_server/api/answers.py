"""JSON out: the shapes of the protocol's codec, as bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from holdfast_server.journal.port import Receipt

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_answer(
    content: Mapping[str, Any] | bytes,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an answer of JSON, or of bytes that are JSON already. No cache may keep it."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(
        body,
        status_code=status,
        headers={**HEADERS, **(headers or {})},
        media_type="application/json",
    )


def receipt_answer(receipt: Receipt, *, status: int = 200) -> Response:
    """Return what the journal answers, with the cursor after it."""
    return json_answer({**receipt.answer, "cursor": str(receipt.cursor)}, status=status)

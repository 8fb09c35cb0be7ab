"""Requests to the server, each within a bound."""

import json
from collections.abc import Mapping

from holdfast_js import http


class Http:
    """Status 0 means that no answer came; the text then says why, for the log."""

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None, timeout_ms: int
    ) -> tuple[int, str]:
        answer = await http.request(method, url, json.dumps(dict(headers)), body, timeout_ms)
        parsed = json.loads(answer)
        return parsed["status"], parsed["text"]

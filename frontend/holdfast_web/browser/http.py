"""Requests to the server, each within a bound."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast_js import http

from holdfast_protocol.limits import FETCH_S_MAX
from holdfast_web.ports import Answer

_FETCH_MS_MAX = int(FETCH_S_MAX * 1000)


class Http:
    """Short requests to our own server; never raises for what the network does."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._base = base
        self._headers = dict(headers)

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        headers, text = self._headers, None
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
            text = json.dumps(body, ensure_ascii=False)
        asked = http.request(method, self._base + path, json.dumps(headers), text, _FETCH_MS_MAX)
        answer = json.loads(await asked)
        try:
            parsed = json.loads(answer["text"])
        except (ValueError, RecursionError):  # no JSON, or none that anybody could read
            parsed = None
        return Answer(answer["status"], parsed)

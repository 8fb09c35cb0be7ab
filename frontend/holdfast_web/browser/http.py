"""Requests to the server, each within a bound."""

import json
from typing import Any

from holdfast_js import http

from holdfast_protocol.limits import FETCH_S_MAX
from holdfast_web.browser.client import CLIENT_HEADERS_JSON
from holdfast_web.ports import Answer

_FETCH_MS_MAX = int(FETCH_S_MAX * 1000)


class Http:
    """Short requests to our own server; never raises for what the network does."""

    def __init__(self, base: str) -> None:
        self._base = base

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        headers = json.loads(CLIENT_HEADERS_JSON)
        text = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            text = json.dumps(body)
        url = self._base + path
        answer = json.loads(
            await http.request(method, url, json.dumps(headers), text, _FETCH_MS_MAX)
        )
        try:
            parsed = json.loads(answer["text"])
        except ValueError:  # not JSON: no body that anybody could read
            parsed = None
        return Answer(answer["status"], parsed)

"""How this tab names itself to the server: `X-Holdfast-Client: <browser id>.<tab id>`."""

from holdfast_js import page


def client_headers() -> dict[str, str]:
    """Return the header, with a tab id that is new at every call: call it once, at the start."""
    return {"X-Holdfast-Client": page.client()}

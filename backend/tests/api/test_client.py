"""`X-Holdfast-Client`, read tolerantly."""

import pytest

from holdfast_protocol.limits import CLIENT_CHARS_MAX
from holdfast_server.api.client import Client, parse_client
from holdfast_server.runs.minting import new_id

BROWSER, TAB = new_id(), new_id()


def test_a_client_is_a_browser_and_a_tab():
    assert parse_client(f"{BROWSER}.{TAB}") == Client(BROWSER, TAB)


TOO_LONG = "x" * (CLIENT_CHARS_MAX + 1)


@pytest.mark.parametrize(
    "header",
    [None, "", ".", BROWSER, f"{BROWSER}.", f".{TAB}", f"{BROWSER}.{TAB}.{TAB}", "a.b", TOO_LONG],
)
def test_anything_else_is_an_unknown_client(header):
    assert parse_client(header) is None

"""Who may ask at all: Host on every request, Origin and Sec-Fetch-Site on every API call."""

import pytest
from starlette.datastructures import Headers

from backend.tests.api.site import error_of
from holdfast_protocol.limits import BODY_BYTES_MAX
from holdfast_server.api.guard import host_name, is_own_origin

API = "/api/threads"


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:65535", "[::1]:8000"],
)
@pytest.mark.parametrize("path", [API, "/", "/healthz"])
async def test_loopback_names_are_served_on_any_port(ask, host, path):
    assert (await ask.get(path, headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost/x",
        "localhost:8000:8000",
        "localhost:http",
        "192.168.1.2",
        "0.0.0.0",
        "[::1",
    ],
)
@pytest.mark.parametrize("path", [API, "/", "/healthz", "/nothing"])
async def test_any_other_host_is_refused_everywhere(ask, host, path):
    answer = await ask.get(path, headers={"Host": host})
    assert (answer.status_code, error_of(answer)) == (403, "bad_host")


@pytest.mark.parametrize(
    ("host", "name"),
    [("LocalHost:80", "localhost"), ("[::1]:80", "::1"), ("a b", "a b"), ("a@b", None)],
)
def test_a_host_header_gives_its_name(host, name):
    assert host_name(host) == name


OWN = {
    "nothing, as from curl": {},
    "typed into the address bar": {"Sec-Fetch-Site": "none"},
    "the page itself": {"Sec-Fetch-Site": "same-origin"},
    "the page itself, posting": {
        "Sec-Fetch-Site": "same-origin",
        "Origin": "http://127.0.0.1:8000",
    },
    "an older browser": {"Origin": "http://127.0.0.1:8000"},
    "behind a proxy with TLS": {"Origin": "https://127.0.0.1:8000"},
}
FOREIGN = {
    "another site": {"Origin": "https://evil.example"},
    "another port": {"Origin": "http://127.0.0.1:8001"},
    "another name of this machine": {"Origin": "http://localhost:8000"},
    "a sandbox": {"Origin": "null"},
    "an empty origin": {"Origin": ""},
    "a file": {"Origin": "file://127.0.0.1:8000"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "an unknown word": {"Sec-Fetch-Site": "same-originish"},
    "own origin, but cross-site": {
        "Origin": "http://127.0.0.1:8000",
        "Sec-Fetch-Site": "cross-site",
    },
}


@pytest.mark.parametrize("asker", OWN)
async def test_those_who_may_ask_are_answered(ask, asker):
    assert (await ask.get(API, headers=OWN[asker])).status_code == 200


@pytest.mark.parametrize("asker", FOREIGN)
@pytest.mark.parametrize("path", [API, "/api/events", "/api/openapi.json", "/api/nothing"])
async def test_a_foreign_page_is_refused_on_every_api_call(ask, asker, path):
    answer = await ask.get(path, headers=FOREIGN[asker])
    assert (answer.status_code, error_of(answer)) == (403, "bad_origin")


async def test_a_foreign_page_changes_nothing(site, ask):
    answer = await ask.post(API, json={"id": "x"}, headers={"Origin": "https://evil.example"})
    assert error_of(answer) == "bad_origin"
    assert (await site.journal.head("local")).seq == 0


async def test_the_page_may_be_linked_to_from_anywhere(ask):
    answer = await ask.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "LOCALHOST:8000"])
def test_an_origin_is_compared_with_the_host_that_was_asked(host):
    assert is_own_origin(host, Headers({"origin": f"http://{host.lower()}"}))
    assert not is_own_origin(host, Headers({"origin": "http://[::1]:8000"}))


async def test_L12_a_body_that_says_it_is_too_large_is_refused(ask):
    answer = await ask.post(API, content=b" " * (BODY_BYTES_MAX + 1))
    assert (answer.status_code, error_of(answer)) == (413, "too_large")
    assert "1,000,000 bytes" in answer.json()["error"]["message"]


async def test_L12_a_body_that_grows_too_large_is_refused(ask):
    async def endless():
        for _ in range(BODY_BYTES_MAX // 1000 + 1):
            yield b" " * 1000

    answer = await ask.post(API, content=endless())
    assert (answer.status_code, error_of(answer)) == (413, "too_large")

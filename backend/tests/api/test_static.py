"""The built page: its policy, its media types, and what a browser need not fetch again."""

import gzip

import pytest

from backend.tests.api.site import Site, error_of
from holdfast_server.static import page_folder

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/index.html", "/js/boot.js"])
async def test_every_file_comes_with_the_strict_policy(ask, path):
    headers = (await ask.get(path)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-cache"
    assert headers["etag"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.wasm", "application/wasm"),
        ("a.zip", "application/zip"),
        ("a.whl", "application/zip"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
async def test_media_types_are_right_on_any_machine(ask, page, name, kind):
    (page / name).write_bytes(b"x")
    assert (await ask.get(f"/{name}")).headers["content-type"] == kind


async def test_what_a_browser_has_is_not_sent_again(ask):
    first = await ask.get("/js/boot.js")
    tag = first.headers["etag"]
    again = await ask.get("/js/boot.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = await ask.get("/js/boot.js", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


async def test_a_changed_file_has_another_tag(ask, page):
    tag = (await ask.get("/js/boot.js")).headers["etag"]
    (page / "js" / "boot.js").write_text("// other and longer\n")
    again = await ask.get("/js/boot.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.text) == (200, "// other and longer\n")


@pytest.fixture
def packed(page):
    source = page / "js" / "boot.js"
    source.with_name("boot.js.br").write_bytes(b"brotli")
    source.with_name("boot.js.gz").write_bytes(gzip.compress(source.read_bytes()))


@pytest.mark.usefixtures("packed")
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_packed_beside_is_sent_to_who_takes_it(ask, accepted, encoding):
    headers = {"Accept-Encoding": accepted}
    async with ask.stream("GET", "/js/boot.js", headers=headers) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "Accept-Encoding"
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert raw.startswith({"br": b"brotli", "gzip": b"\x1f\x8b", None: b"// boots"}[encoding])


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/js/../../secret", "/js/%2e%2e%2f%2e%2e%2fsecret"]
)
async def test_nothing_outside_the_folder_is_served(ask, page, path):
    (page.parent / "secret").write_text("secret")
    answer = await ask.get(path)
    assert error_of(answer) == "not_found"


async def test_nothing_of_the_page_hides_below_the_api(ask, page):
    (page / "api").mkdir()
    (page / "api" / "x.js").write_text("x")
    assert error_of(await ask.get("/api/x.js")) == "not_found"


async def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path):
    site = await Site.open(tmp_path / "data", tmp_path / "missing")
    try:
        for path in ("/", "/js/boot.js"):
            answer = await site.client.get(path)
            assert answer.status_code == 503
            assert "make build" in answer.text
            assert answer.headers["content-type"].startswith("text/plain")
        assert (await site.client.get("/api/bootstrap")).status_code == 200
    finally:
        await site.close()


def test_a_checkout_serves_what_its_build_made():
    folder = page_folder()
    assert folder.parts[-2:] in {("frontend", "dist"), ("holdfast_server", "web")}

"""The whole server over a real store and a model of the test's, asked without a socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from backend.tests.api.site import Site, make_page


@pytest.fixture
def page(tmp_path) -> Path:
    return make_page(tmp_path / "page")


@pytest.fixture
async def site(tmp_path, page) -> AsyncIterator[Site]:
    made = await Site.open(tmp_path / "data", page)
    yield made
    await made.close()


@pytest.fixture
def ask(site) -> httpx.AsyncClient:
    return site.client

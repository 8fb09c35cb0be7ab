"""The scene of the shell's tests; property tests run the same examples every time."""

from collections.abc import Iterator

import pytest

import frontend.tests.protocol.conftest  # noqa: F401
from frontend.tests.shell.scene import Scene


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    for tab in list(made.browser.tabs):
        made.browser.close(tab)

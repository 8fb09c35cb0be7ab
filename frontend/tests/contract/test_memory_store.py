"""The store in memory, which other tests stand on, does what every local store must."""

import pytest

from frontend.tests.contract.local_store import CASES
from frontend.tests.contract.memory_store import Content, MemoryStore
from holdfast_web.ports import LocalStore


@pytest.mark.parametrize("name", CASES)
async def test_memory_store_is_a_local_store(name: str) -> None:
    content = Content()

    async def open() -> LocalStore:
        return MemoryStore(content)

    await CASES[name](open)

"""Fixtures of the journal's tests. Generated scripts are the same every time."""

import pytest
from hypothesis import HealthCheck, settings

from backend.tests.journal.opening import open_journal
from backend.tests.journal.world import World

settings.register_profile(
    "holdfast",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("holdfast")


@pytest.fixture
async def journal(tmp_path):
    """A new journal in a folder of its own."""
    journal = await open_journal(tmp_path)
    yield journal
    await journal.close()


@pytest.fixture
def world(journal):
    """Somebody who uses that journal."""
    return World(journal)

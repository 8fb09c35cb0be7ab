"""A data folder of version 1 opens in every later version, and reads the same."""

import asyncio
import json
import shutil

from backend.tests.journal.fixtures.make_v1 import FOLDER, SNAPSHOT, make, read
from backend.tests.journal.replay import verify_folder
from holdfast_server.journal.run_decisions import INTERRUPTED

SAID_THEN = (
    "The server stopped while this answer was being written."
    " What was written is kept: Continue or Retry."
)


def recorded() -> dict:
    """Return the recording. Whoever opens the folder ends its open runs, in words of today."""
    text = SNAPSHOT.read_text()
    assert SAID_THEN in text
    return json.loads(text.replace(SAID_THEN, INTERRUPTED.message))


def test_a_version_1_folder_reads_as_it_was_recorded(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "v1")
    assert asyncio.run(read(folder)) == recorded()


def test_L5_a_version_1_folder_replays_to_its_rows(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "v1")
    assert asyncio.run(verify_folder(folder)) > 50


def test_the_same_events_make_the_same_journal_today(tmp_path):
    """Until the vocabulary changes on purpose: then this one goes, and the folder stays."""
    asyncio.run(make(tmp_path / "now"))
    assert asyncio.run(read(tmp_path / "now")) == recorded()

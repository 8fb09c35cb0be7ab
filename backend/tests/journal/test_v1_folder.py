"""A data folder of version 1 opens in every later version, and reads the same."""

import asyncio
import json
import shutil

from backend.tests.journal.fixtures.make_v1 import FOLDER, SNAPSHOT, make, read
from backend.tests.journal.replay import verify_folder


def test_a_version_1_folder_reads_as_it_was_recorded(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "v1")
    assert asyncio.run(read(folder)) == json.loads(SNAPSHOT.read_text())


def test_L5_a_version_1_folder_replays_to_its_rows(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "v1")
    assert asyncio.run(verify_folder(folder)) > 50


def test_the_same_events_make_the_same_journal_today(tmp_path):
    """Until the vocabulary changes on purpose: then this one goes, and the folder stays."""
    asyncio.run(make(tmp_path / "now"))
    assert asyncio.run(read(tmp_path / "now")) == json.loads(SNAPSHOT.read_text())

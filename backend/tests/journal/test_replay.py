"""L5: two reads, one truth."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from backend.tests.journal.opening import open_journal
from backend.tests.journal.replay import Replay, verify_folder
from backend.tests.journal.scripts import Play, scripts
from backend.tests.journal.world import World
from holdfast_protocol.limits import STORE_READERS
from holdfast_server.journal.commands import ChangeThread, DeleteMessage, DeleteThread
from holdfast_server.journal.port import MessagesOf


async def played(folder: Path, script: list[tuple]) -> Replay:
    """Play a script on a new journal in `folder`, verified at every cut."""
    replay = Replay(await open_journal(folder))
    world = World(replay)

    async def restart() -> None:
        await replay.close()
        await replay.reopened(await open_journal(folder))

    await Play(world, restart).play(script)
    await replay.close()
    return replay


@settings(max_examples=40)
@given(scripts)
def test_L5_any_script_replays_the_same_at_every_cut(script):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(played(Path(folder), script))


async def test_L5_a_whole_conversation_replays_the_same_at_every_cut(tmp_path):
    journal = await open_journal(tmp_path)
    replay = Replay(journal)
    world = World(replay)
    first = await world.answered(text="One.")
    running, part = await world.streaming(first.thread)
    queued = await world.send(first.thread)
    other = await world.answered(text="Two.")
    tool = world.id()
    await world.do(
        running.write(running.says(part, "se."), running.opens(tool, "tool", "clock")),
        running.write(running.says(tool, '{"zone":'), running.closes(part)),
        ChangeThread(first.thread, {"pinned": True, "title": "Named"}),
        running.end("failed"),
        queued.start(),
        DeleteMessage(queued.message),
        ChangeThread(first.thread, {"leaf": first.message}),
    )
    branch = await world.send(first.thread, parent=first.question.message)
    await world.do(
        branch.end("stopped"),
        ChangeThread(first.thread, {"leaf": running.message}),
        DeleteMessage(first.message),
        DeleteThread(other.thread),
    )
    replay.assert_moved()
    await journal.close()
    assert await verify_folder(tmp_path) > 20


async def test_L5_a_snapshot_and_its_cursor_are_read_at_one_moment(tmp_path):
    """Something is written while the snapshot is read, just before its cursor is."""
    journal = await open_journal(tmp_path)
    world = World(journal)
    answer, part = await world.streaming()
    loop, wrote = asyncio.get_running_loop(), []

    def between(statement: str) -> None:
        if statement.startswith("SELECT head") and not wrote:
            wrote.append(statement)
            command = answer.write(answer.says(part, "se."))
            asyncio.run_coroutine_threadsafe(world.do(command), loop).result(10)

    for _ in range(STORE_READERS):
        connection = journal._reader._connections.get()
        connection.set_trace_callback(between)
        journal._reader._connections.put(connection)
    history = await journal.snapshot(MessagesOf("local", answer.thread))
    assert wrote
    assert history.cursor.seq == history.thread.version
    assert history.messages[0].parts[0].text == "Becau"
    assert (await world.message(answer)).parts[0].text == "Because."
    await journal.close()


async def test_L5_the_oracle_sees_a_row_that_is_not_what_its_entries_say(tmp_path):
    journal = await open_journal(tmp_path)
    replay = Replay(journal)
    world = World(replay)
    answer = await world.answered()
    journal._connection.execute("UPDATE threads SET title = 'Another'")
    with pytest.raises(AssertionError, match="folded from"):
        await world.do(ChangeThread(answer.thread, {"muted": True}))
    await journal.close()


async def test_L5_a_script_that_changes_nothing_is_refused(tmp_path):
    journal = await open_journal(tmp_path)
    thread = await World(journal).create()
    replay = Replay(journal)
    await World(replay).do(ChangeThread(thread, {"muted": False}))
    with pytest.raises(AssertionError, match="changes nothing"):
        replay.assert_moved()
    await journal.close()

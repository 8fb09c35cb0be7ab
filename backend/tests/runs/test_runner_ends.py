"""How a run ends: once, and with everything written (L6, L10)."""

import asyncio

import pytest

from backend.tests.runs.conftest import text_of
from backend.tests.runs.fakes import FINAL, REFUSED, settle
from holdfast_protocol.errors import IllegalTransition
from holdfast_protocol.limits import ANSWER_CHARS_MAX, RUN_MS_MAX, WINDOW_MS_MAX
from holdfast_server.journal.commands import EndRun, StartRun
from holdfast_server.journal.refusals import Fenced, Gone, StoreUnavailable
from holdfast_server.models.port import Finished, TextDelta, ToolCalled


async def said_and_pending(bench) -> None:
    """A run that has written "a" and holds "b" back."""
    await bench.start()
    await bench.hears(TextDelta("a"), TextDelta("b"))
    assert bench.writes() == ["start", "a"]


ENDINGS = {
    "finished": (lambda bench: bench.model.finishes({"output_tokens": 2}), "complete", None),
    "model error": (lambda bench: bench.model.says(REFUSED), "failed", "refused"),
    "our bug": (lambda bench: bench.model.says(ZeroDivisionError("x")), "failed", "internal"),
    "stop": (lambda bench: bench.runner.stop(), "stopped", None),
    "shutdown": (lambda bench: bench.runner.interrupt(), "interrupted", "interrupted"),
    "cancelled": (lambda bench: bench.runner._reading.cancel(), "interrupted", "interrupted"),
    "too long": (
        lambda bench: bench.model.says(TextDelta("x" * ANSWER_CHARS_MAX)),
        "failed",
        "answer_too_long",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda name: name.replace(" ", "-"))
async def test_L10_every_exit_of_a_run_writes_what_is_pending(bench, ending):
    end_it, status, code = ENDINGS[ending]
    await said_and_pending(bench)
    end_it(bench)
    end = await bench.ended()
    assert end.status == status
    assert (end.error and end.error.code) == code
    assert text_of(end).startswith("b")


async def test_a_finished_run_tells_its_usage(bench):
    await bench.start()
    await bench.hears(TextDelta("a"), Finished({"output_tokens": 1}))
    assert (await bench.ended()).usage == {"output_tokens": 1}


async def test_the_sentence_of_a_model_error_reaches_the_person(bench):
    await bench.start()
    await bench.hears(FINAL)
    error = (await bench.ended()).error
    assert (error.message, error.retryable) == (FINAL.message, False)


async def test_the_sentence_of_an_unexpected_exception_quotes_nothing(bench):
    await bench.start()
    await bench.hears(RuntimeError("the secret answer"))
    assert "secret" not in (await bench.ended()).error.message


async def test_an_answer_without_anything_in_it_has_failed(bench):
    await bench.start()
    await bench.hears(Finished(None))
    end = await bench.ended()
    assert (end.status, end.error.code) == ("failed", "empty_answer")


async def test_a_model_that_leaves_without_a_word_has_broken_off(bench):
    bench.model.answer = broken_off
    await bench.start()
    end = await bench.ended()
    assert (end.status, end.error.code) == ("failed", "broke_off")


async def broken_off(turn):
    yield TextDelta("half an ans")


async def test_L12_a_run_too_long_is_ended_with_its_text_kept(bench):
    await said_and_pending(bench)
    await bench.clock.advance(RUN_MS_MAX)
    end = await bench.ended()
    assert (end.status, end.error.code) == ("failed", "run_too_long")
    assert bench.text() == "ab"
    assert bench.model.hung_up == 1


async def test_stop_hangs_up_on_the_model(bench):
    await said_and_pending(bench)
    bench.runner.stop()
    await bench.ended()
    assert (bench.model.open, bench.model.hung_up) == (0, 1)


async def test_what_the_model_sends_after_a_stop_is_dropped(bench):
    await said_and_pending(bench)
    bench.journal.hold()
    bench.runner.stop()
    bench.model.says(TextDelta("late"), Finished(None))
    await bench.journal.release()
    assert (await bench.ended()).status == "stopped"
    assert bench.text() == "ab"


async def test_stop_before_the_first_token(bench):
    await bench.start()
    bench.runner.stop()
    end = await bench.ended()
    assert (end.status, end.events) == ("stopped", ())


async def test_stop_before_the_run_began_ends_it_without_asking_the_model(bench):
    bench.runner.stop()
    await bench.start()
    await bench.ended()
    assert [type(command) for command in bench.journal.commands] == [EndRun]
    assert bench.model.turns == []


async def test_stop_while_the_start_is_being_written(bench):
    bench.journal.hold()
    await bench.start()
    bench.runner.stop()
    await bench.journal.release()
    await bench.ended()
    assert [type(command) for command in bench.journal.commands] == [StartRun, EndRun]


async def test_stop_during_a_write_follows_it_at_once(bench):
    await bench.start()
    await bench.hears(TextDelta("a"))
    await bench.clock.advance(1000)
    bench.journal.hold()
    await bench.hears(TextDelta("b"))
    await bench.hears(TextDelta("c"))
    bench.runner.stop()
    await bench.journal.release()
    assert text_of(await bench.ended()) == "c"


async def test_stop_while_the_reader_waits_for_a_write(bench):
    await bench.start()
    bench.journal.hold()
    await bench.hears(TextDelta("a"))
    bench.runner.stop()
    await bench.journal.release()
    await bench.ended()
    assert bench.text() == "a"


async def test_L6_the_first_ending_is_the_ending(bench):
    await said_and_pending(bench)
    bench.journal.hold()
    bench.runner.stop()
    await settle()
    bench.runner.interrupt()
    bench.runner.stop()
    await bench.journal.release()
    await bench.ended()
    ends = [command for command in bench.journal.commands if isinstance(command, EndRun)]
    assert [end.status for end in ends] == ["stopped"]


async def test_L6_of_two_endings_at_one_moment_the_first_counts(bench):
    await said_and_pending(bench)
    bench.runner.stop()
    bench.runner.interrupt()
    assert (await bench.ended()).status == "stopped"


async def test_L6_nothing_is_written_after_the_end(bench):
    await said_and_pending(bench)
    bench.model.says(Finished(None), TextDelta("more"))
    await bench.ended()
    bench.runner.stop()
    await bench.clock.advance(RUN_MS_MAX)
    assert isinstance(bench.journal.tried[-1], EndRun)
    assert bench.text() == "ab"


async def test_L10_an_end_that_fails_is_retried(bench):
    await said_and_pending(bench)
    bench.journal.failures = [StoreUnavailable("no")]
    await bench.hears(Finished(None))
    assert not bench.task.done()
    await bench.clock.advance(WINDOW_MS_MAX)
    await bench.ended()
    assert bench.text() == "ab"


@pytest.mark.parametrize("refusal", [Fenced("over"), Gone("deleted")], ids=["fenced", "deleted"])
async def test_L6_a_run_that_was_lost_writes_no_more_and_hangs_up(bench, refusal):
    await said_and_pending(bench)
    bench.journal.failures = [refusal]
    await bench.clock.advance(WINDOW_MS_MAX)
    await asyncio.wait_for(bench.task, 5)
    tried = len(bench.journal.tried)
    await bench.clock.advance(RUN_MS_MAX)
    assert len(bench.journal.tried) == tried
    assert bench.model.hung_up == 1


async def test_L10_what_was_pending_of_a_deleted_message_is_dropped(bench):
    await said_and_pending(bench)
    bench.runner.abandon()
    await asyncio.wait_for(bench.task, 5)
    assert bench.writes() == ["start", "a"]
    assert bench.model.hung_up == 1


async def test_a_write_that_the_journal_finds_illegal_ends_the_run_as_failed(bench):
    await said_and_pending(bench)
    bench.journal.failures = [IllegalTransition("our bug")]
    await bench.clock.advance(WINDOW_MS_MAX)
    end = await bench.ended()
    assert (end.status, end.error.code, end.events) == ("failed", "internal", ())


async def test_a_flush_of_a_run_that_was_lost_returns(bench):
    await said_and_pending(bench)
    bench.journal.hold()
    flush = asyncio.create_task(bench.runner.flush())
    await settle()
    bench.journal.failures = [Gone("deleted")]
    await bench.journal.release()
    await asyncio.wait_for(flush, 5)
    await bench.runner.flush()


async def test_a_tool_that_never_returned_is_left_to_the_end_to_close(bench):
    await bench.start()
    await bench.hears(ToolCalled("c", "clock"))
    bench.runner.stop()
    assert (await bench.ended()).events == ()

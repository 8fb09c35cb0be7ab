"""Law L4, its half in the cursor: what is not a cursor is known not to be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.cursor import Cursor, parse_cursor

from .script import counted_id
from .strategies import json_values, raw_texts

JOURNAL = counted_id(1)


@given(st.integers(0, 10**17))
def test_a_cursor_survives_being_written(seq):
    cursor = Cursor(JOURNAL, "local", seq)
    assert parse_cursor(str(cursor)) == cursor
    assert cursor.at(7) == Cursor(JOURNAL, "local", 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "..",
        f"{JOURNAL}.local",
        f"{JOURNAL}.local.",
        f"{JOURNAL}.local.1.",
        f"{JOURNAL}.local.1.2",
        f"{JOURNAL}.local.-1",
        f"{JOURNAL}.local.+1",
        f"{JOURNAL}.local.01",
        f"{JOURNAL}.local.1e3",
        f"{JOURNAL}.local.1_0",
        f"{JOURNAL}.local.0x1",
        f"{JOURNAL}.local. 1",
        f"{JOURNAL}.local.1\n",
        f"{JOURNAL}.local.١",
        f"{JOURNAL}.local.{10**18}",
        f"{JOURNAL}.local." + "9" * 5000,
        f"{JOURNAL}.Local.1",
        f"{JOURNAL}..1",
        f"{JOURNAL[:-1]}.local.1",
        f"{JOURNAL.upper()}.local.1",
        f".{JOURNAL}.local.1",
        "null",
        "\0",
        "\ud800",
    ],
)
def test_L4_a_malformed_cursor_is_none(text):
    assert parse_cursor(text) is None


@given(json_values | st.binary() | raw_texts)
def test_L4_parsing_never_raises_and_reads_only_what_it_would_write(value):
    cursor = parse_cursor(value)
    assert cursor is None or str(cursor) == value

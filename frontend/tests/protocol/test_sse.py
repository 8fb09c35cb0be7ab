"""Frames: what the encoder writes, the decoder reads, however the network cuts it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.limits import FRAME_CHARS_MAX
from holdfast_protocol.sse import BEAT, Frame, FrameDecoder, encode_frame

from .strategies import json_values

SENT = st.lists(
    st.tuples(
        st.sampled_from(["journal", "caught-up", "reset"]),
        json_values,
        st.none() | st.sampled_from(["a.local.1", "0"]),
    ),
    max_size=4,
)


def read(*pieces: str) -> list[Frame]:
    decoder = FrameDecoder()
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def cut(text: str, places: list[int]) -> list[str]:
    marks = sorted(place % (len(text) + 1) for place in places)
    return [text[a:b] for a, b in zip([0, *marks], [*marks, len(text)], strict=True)]


@given(SENT, st.lists(st.integers(0, 10_000), max_size=8), st.sampled_from(["\n", "\r", "\r\n"]))
def test_what_is_encoded_is_decoded_under_any_split_and_line_end(sent, places, line_end):
    frames = [Frame(event, json.dumps(value), id) for event, value, id in sent]
    wire = BEAT + b"".join(
        encode_frame(frame.event, frame.data.encode(), frame.id) + BEAT for frame in frames
    )
    assert read(*cut(wire.decode().replace("\n", line_end), places)) == frames


@given(st.text(alphabet="\r\n:ad \0\ud800", max_size=40), st.lists(st.integers(0, 99), max_size=6))
def test_any_stream_whatever_reads_the_same_under_any_split(stream, places):
    assert read(*cut(stream, places)) == read(stream)


def test_a_frame_is_exactly_these_bytes():
    assert encode_frame("journal", b"[1]", "c.local.7") == (
        b"event: journal\nid: c.local.7\ndata: [1]\n\n"
    )
    assert encode_frame("caught-up", b"{}") == b"event: caught-up\ndata: {}\n\n"
    assert BEAT == b": beat\n\n"


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        ("data: a\n\n", [Frame("message", "a")]),
        ("data:a\n\n", [Frame("message", "a")]),
        ("data:  a\n\n", [Frame("message", " a")]),
        ("data: a\ndata: b\n\n", [Frame("message", "a\nb")]),
        ("data\n\n", [Frame("message", "")]),
        ("data: a: b\n\n", [Frame("message", "a: b")]),
        ("event:\ndata: a\n\n", [Frame("message", "a")]),
        ("event: reset\ndata: a\n\ndata: b\n\n", [Frame("reset", "a"), Frame("message", "b")]),
        ("id: 1\ndata: a\n\ndata: b\n\n", [Frame("message", "a", "1"), Frame("message", "b")]),
        ("id: 1\0\ndata: a\n\n", [Frame("message", "a")]),
        ("id\ndata: a\n\n", [Frame("message", "a", "")]),
        ("retry: 5\nunknown: x\ndata: a\n\n", [Frame("message", "a")]),
        (": beat\n\ndata: a\n\n", [Frame("message", "a")]),
        ("data: a\n: beat\ndata: b\n\n", [Frame("message", "a\nb")]),
        ("data: a\u2028b\x85c\n\n", [Frame("message", "a\u2028b\x85c")]),
        ("data: a\r\r", [Frame("message", "a")]),
        ("data: a\r\n\r\n", [Frame("message", "a")]),
        ("data: a\r\n\r", [Frame("message", "a")]),
    ],
)
def test_frames_follow_the_html_standard(stream, frames):
    assert read(stream) == frames


@pytest.mark.parametrize(
    "stream", ["", "\n\n\n", "event: journal\nid: 5\n\n", ": beat\n\n", "\r\r"]
)
def test_a_frame_without_data_is_no_frame(stream):
    assert read(stream) == []


@pytest.mark.parametrize("stream", ["data: a", "data: a\n", "event: reset\ndata: a\r\n"])
def test_an_unfinished_frame_is_dropped_until_its_blank_line_comes(stream):
    assert read(stream) == []
    assert [frame.data for frame in read(stream, "\n", "\n")] == ["a"]


def test_what_one_frame_set_does_not_leak_into_the_next():
    assert read("event: reset\nid: 9\n\ndata: a\n\n") == [Frame("message", "a")]


def test_a_carriage_return_at_a_cut_and_its_line_feed_end_one_line():
    decoder = FrameDecoder()
    assert decoder.feed("data: a\r") == []
    assert decoder.feed("\n") == []
    assert decoder.feed("") == []
    assert decoder.feed("\r") == [Frame("message", "a")]
    assert decoder.feed("\ndata: b\n\n") == [Frame("message", "b")]


@pytest.mark.parametrize("chunk", [10**9, 1_000_000, 999_983])
@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("over", [0, 1])
def test_L12_a_frame_as_long_as_the_bound_is_read_and_a_longer_one_dropped(chunk, lines, over):
    room = FRAME_CHARS_MAX + over - lines * len("data: ")
    lengths = [room // lines] * (lines - 1) + [room - room // lines * (lines - 1)]
    long = "".join(f"data: {'x' * length}\n" for length in lengths)
    stream = f"{long}\ndata: next\n\n"
    frames = read(*(stream[at : at + chunk] for at in range(0, len(stream), chunk)))
    assert [len(frame.data) for frame in frames] == [*([room + lines - 1] * (not over)), 4]


def test_L12_a_line_without_end_is_not_kept():
    decoder = FrameDecoder()
    for _ in range(3 * FRAME_CHARS_MAX // 1_000_000):
        assert decoder.feed("x" * 1_000_000) == []
    assert len(decoder._rest) <= FRAME_CHARS_MAX
    assert decoder.feed("\n\ndata: next\n\n") == [Frame("message", "next")]

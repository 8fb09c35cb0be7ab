"""Law L24, its text half: cleaning at the door."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.text import clean, clean_chunk

from .strategies import raw_texts


def cleaned_in_chunks(chunks: list[str]) -> str:
    held, out = "", ""
    for chunk in chunks:
        text, held = clean_chunk(held, chunk)
        out += text
    return out + clean(held)


def plainly_cleaned(raw: str) -> str:
    """The law once more, one code point at a time."""
    out: list[str] = []
    for char in raw:
        low = "\udc00" <= char <= "\udfff"
        if low and out and "\ud800" <= out[-1] <= "\udbff":
            high = ord(out.pop()) - 0xD800
            out.append(chr(0x10000 + (high << 10) + ord(char) - 0xDC00))
        else:
            out.append(char)
    bad = {"\0", *map(chr, range(0xD800, 0xE000))}
    return "".join("\ufffd" if char in bad else char for char in out)


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud83d", "\ufffd"),
        ("a\ude00", "a\ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        ("a\0b", "a\ufffdb"),
        ("\ud83da", "\ufffda"),
        ("", ""),
        ("\r\n\u2028\ufeff\x1b\x85\ufffe", "\r\n\u2028\ufeff\x1b\x85\ufffe"),
        ("\\u0000 \\ud83d", "\\u0000 \\ud83d"),
    ],
)
def test_L24_clean_table(raw, cleaned):
    assert clean(raw) == cleaned


@given(raw_texts)
def test_L24_only_lone_surrogates_and_nul_change(raw):
    assert clean(raw) == plainly_cleaned(raw)


@given(raw_texts)
def test_L24_what_is_clean_passes_every_codec_unchanged(raw):
    cleaned = clean(raw)
    assert clean(cleaned) is cleaned
    assert cleaned.encode().decode() == cleaned
    assert json.loads(json.dumps(cleaned)) == cleaned
    assert "\0" not in cleaned


@given(st.lists(raw_texts, max_size=6))
def test_L24_cleaning_chunks_equals_cleaning_the_whole(chunks):
    assert cleaned_in_chunks(chunks) == clean("".join(chunks))


@given(raw_texts)
def test_L24_cleaning_one_code_unit_at_a_time_equals_cleaning_the_whole(raw):
    units = raw.encode("utf-16-le", "surrogatepass")
    chunks = [chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2)]
    assert cleaned_in_chunks(chunks) == clean(raw)


def test_L24_a_pair_split_over_chunks_is_held_and_joined():
    assert clean_chunk("", "a\ud83d") == ("a", "\ud83d")
    assert clean_chunk("\ud83d", "") == ("", "\ud83d")
    assert clean_chunk("\ud83d", "\ude00b") == ("\U0001f600b", "")


def test_L24_a_held_half_that_is_never_joined_is_not_lost():
    assert clean_chunk("\ud83d", "b") == ("\ufffdb", "")
    assert clean("\ud83d") == "\ufffd"

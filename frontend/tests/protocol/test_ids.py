"""Ids as this project mints them, and nothing else."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_protocol.ids import RANDOM_BYTES, is_account, is_id, mint
from holdfast_protocol.limits import ACCOUNT_CHARS_MAX

random_bytes = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)
GOOD = "018bcfe5-6800-7000-8000-00000000000a"


@given(st.integers(0, 2**48 - 1), random_bytes)
def test_a_minted_id_is_a_uuid7_that_carries_its_millisecond(now_ms, random):
    minted = uuid.UUID(mint(now_ms, random))
    assert is_id(str(minted))
    assert (minted.version, minted.variant) == (7, uuid.RFC_4122)
    assert minted.int >> 80 == now_ms


def test_minting_uses_every_random_byte():
    base = mint(5, bytes(RANDOM_BYTES))
    for place in range(RANDOM_BYTES):
        changed = bytearray(RANDOM_BYTES)
        changed[place] = 1
        assert mint(5, bytes(changed)) != base, place


@pytest.mark.parametrize("length", [0, RANDOM_BYTES - 1, RANDOM_BYTES + 1])
def test_minting_needs_its_bytes_exactly(length):
    with pytest.raises(ValueError, match="needs 10 random bytes"):
        mint(5, bytes(length))


@pytest.mark.parametrize(
    "value",
    [
        GOOD.upper(),
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace("-7", "-4"),
        GOOD.replace("-8000", "-c000"),
        GOOD.replace("-", ""),
        "٠" + GOOD[1:],
        "",
        None,
        7,
        GOOD.encode(),
        [GOOD],
    ],
)
def test_what_is_not_an_id(value):
    assert is_id(GOOD)
    assert not is_id(value)


@pytest.mark.parametrize("value", ["local", "a", "team-1_x", "a" * ACCOUNT_CHARS_MAX])
def test_what_may_name_an_account(value):
    assert is_account(value)


@pytest.mark.parametrize(
    "value", ["", "A", "a.b", "a/b", "a\n", "é", "a" * (ACCOUNT_CHARS_MAX + 1), None, 3]
)
def test_what_may_not_name_an_account(value):
    assert not is_account(value)

"""Law L22, its decision, as a table: every status, in front or not, muted or not."""

from itertools import product

import pytest

from holdfast_protocol.notify import EndFacts, decide
from holdfast_protocol.state import TERMINAL


@pytest.mark.parametrize("status", sorted(TERMINAL - {"stopped"}))
@pytest.mark.parametrize(
    ("in_front", "muted", "decision"),
    [
        (False, False, True),
        (True, False, "in front"),
        (False, True, "muted"),
        (True, True, "muted"),
    ],
)
def test_L22_an_end_notifies_unless_it_is_in_front_or_muted(status, in_front, muted, decision):
    assert decide(EndFacts(status, in_front=in_front, muted=muted)) == decision


@pytest.mark.parametrize(("in_front", "muted"), list(product([False, True], repeat=2)))
def test_L22_what_the_person_stopped_never_notifies(in_front, muted):
    decision = decide(EndFacts("stopped", in_front=in_front, muted=muted))
    assert decision == "stopped by the person"

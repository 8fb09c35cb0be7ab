"""views/heading.py: the title, and deleting in two steps."""

from holdfast_protocol.state import Thread, State, Window
from holdfast_web.core.app import App
from holdfast_web.views.heading import heading
from holdfast_web.views.screen import Actions, Screen
from wybthon.testing import fire, render
from dataclasses import replace

T = "018bcfe5-6801-7101-8101-010101010101"


def actions(**given):
    nothing = {name: (lambda *_: None) for name in Actions.__dataclass_fields__}
    return Actions(**{**nothing, **given})


def test_deleting_can_be_offered_taken_away_and_offered_again():
    deleted = []
    screen = Screen(actions(delete=deleted.append))
    known = State(3, {T: Thread(T, "Tides", 1, 3, 3)}, {T: Window(T, 1)})
    with render(heading(screen)) as shown:
        for open_ in (None, T, None, T):
            screen.show(App(known=known, open=open_, is_ready=True), 0)
        fire.click(shown.get_by_role("button", name="Delete"))
        fire.click(shown.get_by_role("button", name="Keep"))
        fire.click(shown.get_by_role("button", name="Delete"))
        fire.click(shown.get_by_role("button", name="Delete for good"))
    assert deleted == [T]

"""views/model.py: a list of models where there is a choice."""

from tests.views.making import actions, listing, show, tags
from wybthon.testing import fire, render

from holdfast_web.core.app import Server
from holdfast_web.views.model import chooser
from holdfast_web.views.screen import Screen

THREE = Server("demo", is_demo=True, models=("demo", "demo-slow", "demo-fast"))


def test_the_models_are_listed_and_the_next_one_is_chosen():
    screen = Screen(actions())
    with render(chooser(screen)) as shown:
        show(screen, listing(server=THREE, model="demo-slow"))
        assert [option.text_content for option in tags(shown, "option")] == list(THREE.models)
        assert shown.get_by_label_text("Model").value == "demo-slow"
        show(screen, listing(server=THREE))
        assert shown.get_by_label_text("Model").value == "demo"


def test_choosing_asks_for_it():
    chosen = []
    screen = Screen(actions(choose=chosen.append))
    with render(chooser(screen)) as shown:
        show(screen, listing(server=THREE))
        fire.change(shown.get_by_label_text("Model"), "demo-fast")
    assert chosen == ["demo-fast"]


def test_one_model_is_no_choice():
    screen = Screen(actions())
    with render(chooser(screen)) as shown:
        for server in (Server(), THREE, Server("moon-7b", models=("moon-7b",)), THREE):
            show(screen, listing(server=server))
            assert len(tags(shown, "select")) == (1 if server is THREE else 0)

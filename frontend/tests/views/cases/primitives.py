"""What the views rely on in wybthon."""

from wybthon import For, Show, component, create_effect, create_memo, create_signal, flush, html
from wybthon.testing import render, tick


def test_a_keyed_row_keeps_its_node_when_the_list_is_reordered():
    rows, set_rows = create_signal([("a", 1), ("b", 2)])

    @component
    def List():
        def row(item, index):
            return html(t"<li data-id={item()[0]}>{item()[1]}</li>")

        return html(t"<ul>{For(rows, row, keyed=lambda item: item[0])}</ul>")

    with render(List()) as screen:
        first = screen.get_all_by_role("listitem")[0]
        set_rows([("b", 2), ("a", 10)])
        flush()
        items = screen.get_all_by_role("listitem")
        assert [item.attributes["data-id"] for item in items] == ["b", "a"]
        assert items[1] is first
        assert first.text_content == "10"


def test_an_attribute_that_is_false_is_written_out_where_the_contract_wants_it():
    unread, set_unread = create_signal(False)

    @component
    def Row():
        return html(t'<a href="#" data-unread={"true" if unread() else "false"}>x</a>')

    with render(Row()) as screen:
        link = screen.get_by_role("link")
        assert link.attributes["data-unread"] == "false"
        set_unread(True)
        flush()
        assert link.attributes["data-unread"] == "true"


def test_show_mounts_and_unmounts():
    open_, set_open = create_signal(False)

    @component
    def Page():
        return html(
            t"<div>{Show(open_(), html(t'<p>here</p>'), fallback=html(t'<i>none</i>'))}</div>"
        )

    with render(Page()) as screen:
        assert screen.query_by_text("here") is None
        set_open(True)
        flush()
        assert screen.get_by_text("here")


async def test_an_effect_runs_after_a_signal_changed():
    seen = []
    value, set_value = create_signal(1)

    @component
    def Watcher():
        double = create_memo(lambda: value() * 2)
        create_effect(lambda: double(), lambda now, before: seen.append(now))
        return html(t"<p>{double()}</p>")

    with render(Watcher()):
        await tick()
        set_value(5)
        await tick()
        assert seen == [2, 10]


def test_a_branch_given_as_a_function_can_be_shown_again():
    """Given as a call it could not: the node of the first time would be mounted twice."""
    shown, set_shown = create_signal(True)
    word, set_word = create_signal("a")

    def branch():
        return html(t"<p>{word()}</p>")

    @component
    def Page():
        return html(t"<div>{Show(shown(), branch)}</div>")

    with render(Page()) as screen:
        for is_shown in (False, True, False, True):
            set_shown(is_shown)
            flush()
        set_word("b")
        flush()
        assert screen.get_by_text("b")

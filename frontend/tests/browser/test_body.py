"""static/js/body.js: parts in order, counted in code points, and nothing hostile alive."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAKE = """async (format) => {
  const body = document.createElement("div");
  Object.assign(body.dataset, { body: "m1", format });
  document.body.append(body);
}"""
APPLY = """async (ops) => {
  const { apply } = await import("/js/body.js");
  const refused = JSON.parse(apply(JSON.stringify(ops)));
  return { refused, html: document.querySelector("[data-body]").innerHTML };
}"""
PARTS = """() => [...document.querySelectorAll("[data-part]")].map((part) => [
  part.dataset.part, part.dataset.partId, Number(part.dataset.chars), part.textContent.trim()])"""
TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


def text(part: str, content: str, *, is_open: bool = True) -> dict:
    return {"id": part, "kind": "text", "open": is_open, "text": content}


def parts(*wanted: dict) -> dict:
    return {"op": "parts", "message": "m1", "parts": list(wanted)}


def append(part: str, offset: int, content: str) -> dict:
    return {"op": "append", "message": "m1", "part": part, "offset": offset, "text": content}


async def body(page: Page, *ops: dict, markup: str = "markdown") -> dict:
    if await page.locator("[data-body]").count() == 0:
        await page.evaluate(MAKE, markup)
    return await page.evaluate(APPLY, list(ops))


async def shown(page: Page) -> list:
    await page.evaluate(TWO_FRAMES)
    return await page.evaluate(PARTS)


async def test_parts_stand_in_the_order_given(blank: Page) -> None:
    tool = {"id": "t", "kind": "tool", "open": False, "name": "clock", "arguments": '{"a":1}'}
    tool |= {"result": "noon", "outcome": "ok", "started_at": 1000, "ended_at": 1400}
    thought = {"id": "r", "kind": "reasoning", "open": False, "text": "hmm"}
    await body(blank, parts(thought, tool, text("x", "done")))
    kinds = [row[:3] for row in await shown(blank)]
    assert kinds == [["reasoning", "r", 3], ["tool", "t", 7], ["text", "x", 4]]
    card = blank.locator("[data-part=tool]")
    for piece in ("clock", "done · 0.4 s", '{"a":1}', "noon"):
        assert piece in (await card.text_content() or "")


async def test_a_tool_that_runs_has_no_result_in_its_card(blank: Page) -> None:
    tool = {"id": "t", "kind": "tool", "open": True, "name": "clock", "arguments": "{}"}
    await body(blank, parts(tool | {"result": None}))
    assert "null" not in (await blank.locator("[data-part=tool]").text_content() or "null")


async def test_data_chars_counts_code_points(blank: Page) -> None:
    await body(blank, parts(text("x", "a😀")), append("x", 2, "é😀b"))
    assert await shown(blank) == [["text", "x", 5, "a😀é😀b"]]


async def test_an_append_that_overlaps_adds_only_what_is_new(blank: Page) -> None:
    await body(blank, parts(text("x", "a😀b")), append("x", 1, "😀bc"), append("x", 0, "a😀"))
    assert await shown(blank) == [["text", "x", 4, "a😀bc"]]


async def test_an_append_over_a_gap_is_refused_and_changes_nothing(blank: Page) -> None:
    told = await body(blank, parts(text("x", "ab")), append("x", 3, "d"), append("y", 0, "?"))
    assert told["refused"] == [
        {"message": "m1", "part": "x", "have": 2},
        {"message": "m1", "part": "y", "have": -1},
    ]
    assert await shown(blank) == [["text", "x", 2, "ab"]]


async def test_the_same_operations_again_change_nothing(blank: Page) -> None:
    operations = [parts(text("x", "one\n\ntwo")), append("x", 8, "!")]
    first = await body(blank, *operations)
    await shown(blank)
    mutated = """() => { globalThis.changes = 0;
      new MutationObserver((all) => (globalThis.changes += all.length))
        .observe(document.body, { subtree: true, childList: true, characterData: true }); }"""
    await blank.evaluate(mutated)
    await body(blank, append("x", 8, "!"))
    assert first["refused"] == []
    assert await blank.evaluate("() => globalThis.changes") == 0


async def test_settled_blocks_keep_their_nodes_while_text_grows(blank: Page) -> None:
    await body(blank, parts(text("x", "# Title\n\nfirst\n\nsec")))
    await blank.evaluate("() => (document.querySelector('h1').mine = true)")
    await body(blank, append("x", 19, "ond **bo"), append("x", 27, "ld**"))
    assert (await shown(blank))[0][2:] == [31, "Titlefirstsecond bold"]
    assert await blank.evaluate("() => document.querySelector('h1').mine")


async def test_an_open_part_is_painted_once_a_frame_and_a_closed_one_at_once(blank: Page) -> None:
    count = """async ([open, many, close]) => {
      const { apply } = await import("/js/body.js");
      const chars = () => document.querySelector("[data-part]").dataset.chars;
      const run = (ops) => { apply(JSON.stringify(ops)); return chars(); };
      await new Promise(requestAnimationFrame);
      return [run(open), ...many.map((op) => run([op])), run([close])];
    }"""
    await blank.evaluate(MAKE, "markdown")
    close = {"op": "part", "message": "m1", "part": {"id": "x", "open": False}}
    many = [append("x", at, "b") for at in range(1, 5)]
    seen = await blank.evaluate(count, [[parts(text("x", "a"))], many, close])
    assert seen == ["1", "1", "1", "1", "1", "5"]


async def test_reasoning_is_unfolded_while_written_and_folded_once_done(blank: Page) -> None:
    thought = {"id": "r", "kind": "reasoning", "open": True, "text": "hm"}
    await body(blank, parts(thought))
    details = blank.locator("details")
    assert await details.get_attribute("open") is not None
    done = {"id": "r", "open": False, "started_at": 0, "ended_at": 4200}
    await body(blank, {"op": "part", "message": "m1", "part": done})
    assert await details.get_attribute("open") is None
    await details.locator("summary").click()
    await body(blank, {"op": "part", "message": "m1", "part": {"id": "r", "ended_at": 4300}})
    assert await details.get_attribute("open") is not None


async def test_a_persons_words_are_shown_as_written(blank: Page) -> None:
    await body(blank, parts(text("x", "# no\n<b>&")), markup="plain")
    assert (await shown(blank))[0][3] == "# no\n<b>&"
    assert await blank.locator("[data-body] b, [data-body] h1").count() == 0


@pytest.mark.parametrize(
    "source", ["[Note]: important", "[1]: https://a.invalid\n[2]: https://b.invalid", "[^1]: word"]
)
async def test_an_answer_of_nothing_but_link_definitions_is_not_blank(
    blank: Page, source: str
) -> None:
    await body(blank, parts(text("x", source)))
    (row,) = await shown(blank)
    assert "".join(row[3].split()) == "".join(source.split())


HOSTILE = [
    "<script>globalThis.pwned=1</script>",
    "<img src=x onerror='globalThis.pwned=1'>",
    "![x](https://evil.invalid/p.png)",
    "![x](/blank?leak)",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[x](javascript:globalThis.pwned=1)",
    "[x](JaVaScRiPt&colon;globalThis.pwned=1)",
    "[x](data:text/html,<script>1</script>)",
    "[![x](https://evil.invalid/a.png)](https://evil.invalid/b)",
    "<https://evil.invalid/> https://evil.invalid/auto",
    "<svg><style>@import 'https://evil.invalid/s.css'</style></svg>",
    "<iframe src=https://evil.invalid></iframe><form action=https://evil.invalid><input></form>",
    "<a href=https://evil.invalid ping=https://evil.invalid>x</a>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src onerror=1&gt;'>",
    '```html" onmouseover=alert(1) x="\ncode\n```',
    "`<b>` | <details open ontoggle=globalThis.pwned=1>",
    "a\u0000b \ufffd \u202egnp",
    "- [x] <input type=image src=https://evil.invalid/i.png formaction=javascript:1>",
]


@pytest.mark.parametrize("source", HOSTILE)
async def test_L24_hostile_markdown_does_nothing(blank: Page, source: str) -> None:
    requests: list[str] = []
    blank.on("request", lambda request: requests.append(request.url))
    await body(blank, parts(text("x", source, is_open=False)))
    await shown(blank)
    dangerous = "script, img, svg, iframe, form, input, a, style, object, [href], [src], [style]"
    assert await blank.locator(f"[data-body] :is({dangerous})").count() == 0
    handlers = (
        "() => [...document.body.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())"
    )
    assert not [name for name in await blank.evaluate(handlers) if name.startswith("on")]
    assert await blank.evaluate("() => globalThis.pwned") is None
    assert [url for url in requests if "/js/" not in url and "/vendor/" not in url] == []


async def test_L24_a_link_leads_out_only_on_a_second_click(blank: Page) -> None:
    await body(blank, parts(text("x", "see [the docs](https://example.invalid/a?b=1)")))
    link = blank.get_by_role("button", name="the docs")
    await link.click()
    assert "https://example.invalid/a?b=1" in (await blank.locator(".destination").text_content())
    leave = blank.get_by_role("link", name="Open")
    assert await leave.get_attribute("href") == "https://example.invalid/a?b=1"
    assert await leave.get_attribute("target") == "_blank"
    assert "noopener" in (await leave.get_attribute("rel"))
    await link.click()
    assert await blank.locator(".destination").count() == 0


async def test_L24_a_picture_is_a_button_that_names_its_host(blank: Page) -> None:
    await body(blank, parts(text("x", "![a cat](https://pics.invalid/cat.png)")))
    await blank.get_by_role("button", name="a cat · pics.invalid").click()
    assert "https://pics.invalid/cat.png" in (await blank.locator(".destination").text_content())


SLOW = {
    "quotes": "> " * 5000,
    "brackets": "[" * 50_000,
    "stars": "*a_" * 20_000,
    "lists": "\n".join(" " * depth + "- x" for depth in range(2000)),
    "table": "|" * 20_000 + "\n" + "|-" * 20_000,
    "long": "word " * 200_000,
    "html": "<a " * 30_000,
    "ticks": "`" * 30_001,
    "code": "```\n" + "x\n" * 100_000,
    "links": "[a](b" * 20_000,
}


@pytest.mark.parametrize("name", SLOW)
async def test_L24_pathological_markdown_is_shown_in_bounded_time(blank: Page, name: str) -> None:
    source = SLOW[name]
    await blank.evaluate(MAKE, "markdown")
    timed = """async (ops) => { const { apply } = await import("/js/body.js");
      const from = performance.now();
      apply(JSON.stringify(ops));
      return performance.now() - from;
    }"""
    took_ms = await blank.evaluate(timed, [parts(text("x", source, is_open=False))])
    print(json.dumps({"case": name, "ms": round(took_ms)}))
    assert (await shown(blank))[0][2] == len(source)
    assert took_ms < 3000

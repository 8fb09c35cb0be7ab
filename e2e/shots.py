"""`make shots`: the screenshots in docs/shots, from a real server and a scripted model.

Few and small, because they are committed: what a newcomer sees first, on a desk and in a hand,
by day and by night. Look at them after making them.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from e2e import browser as browsers
from e2e.page import Chat
from e2e.provider import Provider
from e2e.provider_call import Call
from e2e.server import Server

FOLDER = Path(__file__).parent.parent / "docs" / "shots"
KB_MAX = 300
"""A picture larger than this does not belong into the repository."""
PAUSE_S = 0.8
"""So that the durations in the pictures are those of a model, not of a script."""
DESK = {"viewport": {"width": 1200, "height": 800}}
HAND = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

QUESTION = "How long would sound need from here to the Moon, if there were air all the way?"
THOUGHT = (
    "The Moon is 384,400 km away on average, and sound in air at 20 °C travels 343 m/s. "
    "I will let the calculator do the division"
)
OPENING = "Let me work that out.\n"
ANSWER = """About **311 hours**, or just under **13 days**.

| what | value |
|---|---|
| distance, mean | 384,400 km |
| speed of sound at 20 °C | 343 m/s |
| time | 1,120,700 s |

The distance divided by the speed:

```python
seconds = 384_400_000 / 343
days = seconds / 86_400
```

A few things make this a fairy tale:

1. There is no air on the way, so there is no sound.
2. Air that reached so far would grow thinner and colder, and sound slower with it.
3. The Moon would have moved through almost half of its orbit by then.
"""
HALF = ANSWER[: ANSWER.index("A few things")]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: who looks, at what, and what has happened before."""

    name: str
    scheme: str
    device: dict
    play: Callable[[Chat, Provider], Awaitable[None]]


async def empty(chat: Chat, provider: Provider) -> None:
    await expect(chat.composer).to_be_visible()


async def streaming(chat: Chat, provider: Provider) -> None:
    await _other_thread(chat, provider)
    call = await _asked(chat, provider)
    await _worked(call, provider)
    reply = (await chat.message_ids())[-1]
    call = await provider.anext_call(QUESTION)
    await _written(call, HALF)
    text = chat.message(reply).locator("[data-part=text]").last
    await expect(text).to_have_attribute("data-chars", str(len(HALF)))


async def done(chat: Chat, provider: Provider) -> None:
    await _other_thread(chat, provider)
    call = await _asked(chat, provider)
    await _worked(call, provider)
    call = await provider.anext_call(QUESTION)
    await _written(call, ANSWER)
    call.finish()
    await chat.expect_status((await chat.message_ids())[-1], "complete")


async def failed(chat: Chat, provider: Provider) -> None:
    await _other_thread(chat, provider)
    call = await _asked(chat, provider)
    call.fail(503, {"error": {"message": "The model is still loading."}})
    await chat.expect_status((await chat.message_ids())[-1], "failed")


SHOTS = (
    Shot("empty-light", "light", DESK, empty),
    Shot("streaming-light", "light", DESK, streaming),
    Shot("done-dark", "dark", DESK, done),
    Shot("failed-light", "light", DESK, failed),
    Shot("phone-streaming-dark", "dark", HAND, streaming),
    Shot("phone-done-light", "light", HAND, done),
)


async def _other_thread(chat: Chat, provider: Provider) -> None:
    sent = await chat.send("Suggest three names for a sailing boat")
    call = await provider.anext_call("Suggest three names for a sailing boat")
    call.say("*Halcyon*, *Petrel* and *Second Wind*.")
    call.finish()
    await chat.expect_status(sent.reply, "complete")
    await chat.new_thread()


async def _asked(chat: Chat, provider: Provider) -> Call:
    await chat.send(QUESTION)
    return await provider.anext_call(QUESTION)


async def _worked(call: Call, provider: Provider) -> None:
    for sentence in THOUGHT.split(". "):
        call.reason(sentence + ". ")
        await asyncio.sleep(PAUSE_S)
    call.say(OPENING)
    call.tool_call("call_1", "calculator", '{"expression": "384400000 / 343 / 3600"}')
    call.finish("tool_calls")


async def _written(call: Call, text: str) -> None:
    for line in text.splitlines(keepends=True):
        call.say(line)
        await asyncio.sleep(PAUSE_S / 5)


async def take(browser: Browser, shot: Shot) -> Path:
    """Make one picture on a server of its own."""
    server = Server()
    with Provider(models=("moon-7b",)) as provider:
        server.model_url = provider.base_url
        try:
            await server.start()
            context = await browser.new_context(
                **shot.device, color_scheme=shot.scheme, reduced_motion="reduce"
            )
            chat = await Chat(await context.new_page(), server.url).open()
            await shot.play(chat, provider)
            file = FOLDER / f"{shot.name}.png"
            await chat.page.screenshot(path=file, animations="disabled", caret="hide")
            await context.close()
        finally:
            await server.dispose()
    return file


async def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        chromium = browsers.find(playwright.chromium.executable_path)
        browser = await chromium.launch(playwright)
        files = [await take(browser, shot) for shot in SHOTS]
        await browser.close()
    too_large = [file for file in files if file.stat().st_size > KB_MAX * 1000]
    for file in files:
        print(f"{file.relative_to(FOLDER.parent.parent)}: {file.stat().st_size // 1000} kB")
    if too_large:
        print(f"larger than {KB_MAX} kB: {[file.name for file in too_large]}", file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""The page from the first byte to the first click that Python handles."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Complaints
from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

READY = "html[data-app=ready]"
FAILED = "html[data-app=failed]"


async def test_python_starts_and_connects(page: Page) -> None:
    await page.goto("/")
    await page.wait_for_selector(READY, state="attached")
    root = page.locator("html")
    await expect(root).to_have_attribute("data-sync", "live")
    await expect(root).to_have_attribute("data-leader", "true")
    await expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    await expect(page.get_by_text("Model: moon-7b")).to_be_visible()


async def test_two_questions_before_python_go_to_one_thread_in_their_order(
    page: Page, site: SiteServer
) -> None:
    await page.goto("/", wait_until="commit")
    box = page.get_by_role("textbox", name="Message")
    for text in ("first", "second"):
        await box.press_sequentially(text)
        await box.press("Enter")
        await expect(box).to_have_value("")
    await box.press_sequentially("draft")
    await page.wait_for_selector(READY, state="attached")
    await expect(box).to_have_value("draft")
    questions = page.locator("article[data-role=user]")
    await expect(questions).to_have_count(2)
    await expect(questions).to_have_text(["first", "second"])
    thread = await page.locator("main").get_attribute("data-thread-id")
    assert page.url.endswith(f"#/t/{thread}")
    await expect(page.locator("nav a")).to_have_count(1)
    asked = [(path, sent["text"]) for path, sent in site.posted]
    assert asked[0] == (f"/api/threads/{thread}/messages", "first")
    assert {path for path, _ in asked} == {asked[0][0]}


async def test_the_composer_is_usable_while_python_is_missing(
    page: Page, site: SiteServer, complaints: Complaints
) -> None:
    complaints.expect_trouble()
    site.missing.add("/py/app.zip")
    await page.goto("/")
    await page.wait_for_selector(FAILED, state="attached")
    await expect(page.get_by_role("alert")).to_contain_text("could not start")
    box = page.get_by_role("textbox", name="Message")
    await box.fill("kept")
    await box.press("Enter")
    await box.fill("half")
    site.missing.clear()
    await page.get_by_role("button", name="Reload").click()
    await page.wait_for_selector(READY, state="attached")
    await expect(page.locator("article[data-role=user]")).to_have_text("kept")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("half")


@pytest.mark.parametrize(
    "file",
    [
        "/py/stdlib.zip",
        "/vendor/pyodide/pyodide.asm.wasm",
        "/vendor/pyodide/pyodide.asm.js",
        "/vendor/pyscript/core.js",
    ],
)
async def test_a_missing_file_is_a_failed_start_and_not_a_hang(
    page: Page, site: SiteServer, complaints: Complaints, file: str
) -> None:
    complaints.expect_trouble()
    site.missing.add(file)
    await page.goto("/")
    await page.wait_for_selector(FAILED, state="attached")

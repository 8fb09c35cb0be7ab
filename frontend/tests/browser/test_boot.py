"""The page from the first byte to the first click that Python handles."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Complaints
from .site_server import SiteServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

READY = "html[data-app=ready]"
FAILED = "html[data-app=failed]"


async def test_python_starts_and_handles_a_click(page: Page) -> None:
    await page.goto("/")
    await page.wait_for_selector(READY, state="attached")
    assert await page.locator("html").get_attribute("data-sync") is not None


async def test_what_was_sent_before_python_is_taken_over_once(page: Page) -> None:
    await page.goto("/", wait_until="commit")
    await page.get_by_role("textbox", name="Message").press_sequentially("first")
    await page.get_by_role("textbox", name="Message").press("Enter")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    await page.get_by_role("textbox", name="Message").press_sequentially("draft")
    await page.wait_for_selector(READY, state="attached")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("draft")


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

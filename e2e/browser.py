"""Which Chromium the stories run in, and how it is started.

One on the machine is taken first, else Playwright's own download, else the person is told how to
get one. `python -m e2e.browser install` makes one available and proves it by opening a page.
Must not know: the app.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HOW_TO_GET_ONE = (
    "No Chromium was found. Run `python -m e2e.browser install`, or install the package "
    "`chromium` of your system, or set HOLDFAST_CHROMIUM to the path of one."
)


class NoBrowser(RuntimeError):
    """This machine has no Chromium that starts."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A Chromium that may be started: a program on the machine, or Playwright's own (None)."""

    program: str | None

    def __str__(self) -> str:
        return self.program or "Playwright's own Chromium"

    async def launch(self, playwright: "Playwright", *more_flags: str) -> "Browser":
        """Start it without a profile: each context is a browser of its own in the spec's sense."""
        return await playwright.chromium.launch(
            executable_path=self.program, args=[*FLAGS, *more_flags]
        )

    async def launch_profile(self, playwright: "Playwright", profile: Path) -> "BrowserContext":
        """Start it on a profile folder, so that a later start finds its caches and its store."""
        return await playwright.chromium.launch_persistent_context(
            profile, executable_path=self.program, args=[*FLAGS]
        )


def on_this_machine() -> tuple[Chromium, ...]:
    """Return what may be tried, the person's choice first; whether it starts is not known yet."""
    chosen = os.environ.get("HOLDFAST_CHROMIUM")
    paths = [chosen] if chosen else [path for name in NAMES if (path := shutil.which(name))]
    return tuple(Chromium(path) for path in dict.fromkeys(paths))


def find(own: str) -> Chromium:
    """Return the Chromium to use; `own` is where Playwright would keep its download."""
    for candidate in on_this_machine():
        if _answers(candidate):
            return candidate
    if Path(own).exists():
        return Chromium(None)
    raise NoBrowser(HOW_TO_GET_ONE)


def install() -> Chromium:
    """Return a Chromium that opened a page just now, fetching one if none on the machine does."""
    candidates = (*on_this_machine(), Chromium(None))
    for candidate in candidates:
        if _opens_a_page(candidate):
            return candidate
    own = Chromium(None)
    fetch = [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]
    if _run(fetch) and _opens_a_page(own):
        return own
    if _is_debian_root() and _run(["apt-get", "update"]):
        _run(["apt-get", "install", "-y", "chromium"])
        for candidate in on_this_machine():
            if _opens_a_page(candidate):
                return candidate
    raise NoBrowser(HOW_TO_GET_ONE)


def _answers(candidate: Chromium) -> bool:
    # A distribution's stub (a snap that is not there) is on the path and does not run.
    try:
        asked = subprocess.run(
            [candidate.program, "--version"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _opens_a_page(candidate: Chromium) -> bool:
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=candidate.program, args=[*FLAGS], timeout=60_000
            )
        except Error:
            return False
        try:
            browser.new_page().set_content("<main>ready</main>")
        except Error:
            return False
        finally:
            browser.close()
    return True


def _is_debian_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _run(command: list[str]) -> bool:
    print("+", *command, flush=True)
    try:
        return subprocess.run(command, timeout=900, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as failure:
        print(failure, flush=True)
        return False


def main(arguments: list[str]) -> int:
    if arguments != ["install"]:
        print("usage: python -m e2e.browser install", file=sys.stderr)
        return 2
    try:
        print(f"Chromium: {install()}")
    except NoBrowser as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

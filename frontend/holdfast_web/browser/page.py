"""The page as a whole: its root attributes, its address, and whether anybody is looking."""

import json
from collections.abc import Callable

from holdfast_js import page
from pyodide.ffi import create_proxy


class Page:
    """One per app. `watch` may be called once; the listener lives as long as the page."""

    ready = staticmethod(page.ready)
    failed = staticmethod(page.failed)
    set_sync = staticmethod(page.setSync)
    set_leader = staticmethod(page.setLeader)
    set_thread = staticmethod(page.setThread)
    set_title = staticmethod(page.setTitle)
    address = staticmethod(page.address)
    origin = staticmethod(page.origin)
    base = staticmethod(page.base)

    def navigate(self, address: str, *, replace: bool = False) -> None:
        """Show another address (`#/t/<id>`); with `replace` there is no way back to this one."""
        page.navigate(address, replace)

    def facts(self) -> dict[str, bool]:
        """{visible, focused, online}, now."""
        return json.loads(page.facts())

    def watch(self, listen: Callable[[str, object], None]) -> None:
        """Hear ("facts", dict), ("address", str) and ("leaving", None): write what must be kept."""
        page.watch(create_proxy(lambda kind, text: listen(kind, json.loads(text))))

    def random_bytes(self, count: int) -> bytes:
        """Randomness of the operating system, for ids."""
        return bytes.fromhex(page.randomHex(count))

"""What the page is told of the models: their names, and whether the answers are a demonstration.

Asked in the background and remembered, so that no page ever waits for a model's server. Knows
only how to list: nothing here can make a model answer.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

AGE_S_MAX = 30.0
"""After this long a look at the catalogue asks again, and shows meanwhile what was known."""


class Catalogue:
    """The models there are to choose from."""

    def __init__(
        self,
        name: str,
        demo: bool,
        list_models: Callable[[], Awaitable[tuple[str, ...]]],
    ) -> None:
        self.name = name
        self.demo = demo
        self._list = list_models
        self._models: tuple[str, ...] = ()
        self._asking: asyncio.Task | None = None
        self._asked_at: float | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The names as last known."""
        self.refresh()
        return self._models

    def refresh(self) -> None:
        """Ask again in the background, unless that was done just now."""
        now = asyncio.get_running_loop().time()
        is_fresh = self._asked_at is not None and now - self._asked_at < AGE_S_MAX
        if not is_fresh and self._asking is None:
            self._asked_at = now
            self._asking = asyncio.create_task(self.ask())

    async def ask(self) -> None:
        """Ask now."""
        try:
            self._models = await self._list()
        except Exception as error:
            # The page shows what was known; a question to the model will say what is wrong.
            log.info("models cannot be listed", error=type(error).__name__)
        finally:
            self._asking = None

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

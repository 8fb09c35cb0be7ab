"""Whether whoever asked is still there, while the answer is in the making.

Knows nothing of what is answered.
"""

import asyncio
from typing import Any

from starlette.types import Receive


async def until_either(receive: Receive, answering: asyncio.Task[Any]) -> None:
    """Wait until the one who asked leaves, or the answering is over."""
    has_left = False
    try:
        async with asyncio.timeout(None) as watch:

            def is_over(_: asyncio.Task[Any]) -> None:
                if not has_left:  # else both came in one turn of the loop
                    watch.reschedule(0)

            answering.add_done_callback(is_over)
            try:
                while (await receive())["type"] != "http.disconnect":
                    pass
            finally:
                has_left = True
                answering.remove_done_callback(is_over)
    except TimeoutError:
        pass  # the answering is over

"""Starts as the server does and asks once; prints what the answer loaded, as JSON.

python -m backend.tests.models.first_answer BASE_URL
"""

import asyncio
import json
import sys

from holdfast_server.models.choosing import ModelSettings, choose_model
from holdfast_server.models.limits import Limits
from holdfast_server.models.port import Turn, TurnMessage


async def ask_once(base_url: str) -> list[str]:
    settings = ModelSettings(base_url=base_url, api_key="k")
    model = await choose_model(settings, limits=Limits(rehearsal_s_max=60.0))
    known = set(sys.modules)
    async for _ in model.answer(Turn(None, None, (TurnMessage("user", "hi"),))):
        pass
    loaded = set(sys.modules) - known
    await model.aclose()
    return sorted(loaded)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask_once(sys.argv[1]))))

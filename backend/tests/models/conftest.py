"""The adapter against a real HTTP server, and what its tests share."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from e2e.foreign import foreign_model
from e2e.provider import Provider
from holdfast_server.models.chat_completions import ChatCompletions
from holdfast_server.models.choosing import http_model
from holdfast_server.models.limits import Limits
from holdfast_server.models.port import ModelEvent, Turn, TurnMessage

__all__ = ["foreign_model"]  # a fixture: found here by its name

MakeModel = Callable[..., ChatCompletions]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
async def make_model(provider: Provider) -> AsyncIterator[MakeModel]:
    """Make models at the scripted provider; they are closed at the end."""
    made: list[ChatCompletions] = []

    def make(base_url: str | None = None, **options: object) -> ChatCompletions:
        options.setdefault("model", "scripted")
        made.append(http_model(base_url or provider.base_url, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for model in made:
        await model.aclose()


def ask(text: str, *, model: str | None = None, instructions: str | None = None) -> Turn:
    return Turn(model, instructions, (TurnMessage("user", text),))


async def read_all(answer: AsyncIterator[ModelEvent]) -> list[ModelEvent]:
    return [event async for event in answer]


def patience(**bounds: float) -> Limits:
    """Limits short enough for a test to meet, the others as they are."""
    return Limits(**bounds)  # type: ignore[arg-type]

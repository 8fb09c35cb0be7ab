"""Which model answers, from what was configured and what is there."""

import socket

import pytest

from e2e.provider import Provider
from holdfast_server.models.choosing import (
    ModelSettings,
    UnusableAddress,
    choose_model,
    read_address,
)
from holdfast_server.models.port import Model


@pytest.fixture
def nobody() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


async def chosen(settings: ModelSettings, ollama_url: str) -> tuple[str, bool]:
    model: Model = await choose_model(settings, ollama_url=ollama_url)
    await model.aclose()
    return model.name, model.demo


async def test_a_given_address_is_taken_without_asking_it(nobody: str) -> None:
    where = nobody.removeprefix("http://").removesuffix("/v1")
    assert await chosen(ModelSettings(base_url=nobody), nobody) == (where, False)


async def test_a_key_alone_means_openai(nobody: str) -> None:
    assert await chosen(ModelSettings(api_key="k"), nobody) == ("api.openai.com", False)


async def test_nothing_configured_and_nothing_there_is_the_demo(nobody: str) -> None:
    assert await chosen(ModelSettings(), nobody) == ("demo", True)


async def test_nothing_configured_takes_a_local_ollama(provider: Provider) -> None:
    name, demo = await chosen(ModelSettings(), provider.base_url)
    assert (name, demo) == (provider.base_url.split("/")[2], False)


async def test_an_ollama_without_models_is_passed_over(provider: Provider) -> None:
    provider.models.clear()
    assert await chosen(ModelSettings(), provider.base_url) == ("demo", True)


async def test_an_ollama_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/v1"
        assert await chosen(ModelSettings(), url) == ("demo", True)


@pytest.mark.parametrize(
    "settings", [ModelSettings(base_url="demo"), ModelSettings(model="demo-fast")]
)
async def test_the_demo_can_be_asked_for(provider: Provider, settings: ModelSettings) -> None:
    assert await chosen(settings, provider.base_url) == ("demo", True)


@pytest.mark.parametrize(
    ("given", "used", "shown"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1", "localhost:11434"),
        ("http://localhost:11434/", "http://localhost:11434/v1", "localhost:11434"),
        (" https://a.example/api/v1/ ", "https://a.example/api/v1", "a.example"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1", "[::1]:8080"),
    ],
)
def test_an_address_is_read_as_people_write_it(given: str, used: str, shown: str) -> None:
    assert read_address(given) == (used, shown)


@pytest.mark.parametrize(
    "given", ["", "localhost:11434", "ftp://a/v1", "http://", "http://a:port", "http://k:s@a/v1"]
)
def test_what_is_no_address_is_the_persons_to_mend(given: str) -> None:
    with pytest.raises(UnusableAddress, match=r"The model's address|OPENAI_API_KEY"):
        read_address(given)


def test_a_key_is_in_no_picture_of_the_settings() -> None:
    assert "sk-secret" not in repr(ModelSettings(api_key="sk-secret"))

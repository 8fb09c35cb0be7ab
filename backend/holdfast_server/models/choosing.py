"""Which model answers, decided once at start-up from plain settings.

An address that was given is taken as it is, reachable or not: what is wrong with it is said where
an answer fails. With none given a local Ollama is used if it is there and has a model, else the
demo.
Must not know: where settings come from.
"""

import asyncio
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from urllib.parse import urlsplit

import httpx

from holdfast_server.models.chat_completions import ChatCompletions
from holdfast_server.models.demo import TOKENS_PER_S, DemoTransport
from holdfast_server.models.door import Sleep
from holdfast_server.models.limits import LIMITS, Limits
from holdfast_server.models.port import Model, ModelError
from holdfast_server.models.rehearsal import rehearse
from holdfast_server.models.tools import Tool, Toolbox, built_in

OLLAMA_URL = "http://127.0.0.1:11434/v1"
OPENAI_URL = "https://api.openai.com/v1"

DEMO = "demo"
"""As a base URL: the demo, whatever else is there. As a model without an address: the same."""

KEPT_ALIVE = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=3.0)
"""Runs are bounded where they start, so connections are not; servers drop idle ones after 5 s."""


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class UnusableAddress(ValueError):
    """The person's input: a base URL that cannot be one. The message says why."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What the person configured, each None if not. The key is kept out of every picture of it."""

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    model: str | None = None


class DemoModel(ChatCompletions):
    """The embedded demo: the same adapter on a transport of our own."""

    demo = True


def demo_model(
    *,
    model: str | None = None,
    tools: tuple[Tool, ...] | None = None,
    limits: Limits = LIMITS,
    sleep: Sleep = asyncio.sleep,
) -> DemoModel:
    """Return the demo. `sleep` is how it keeps its speed."""
    client = httpx.AsyncClient(
        transport=DemoTransport(sleep), base_url="http://demo/v1", trust_env=False, timeout=None
    )
    # Its transport hands over whole bursts already, so the door has no reason to pause.
    unhurried = replaced(limits, gather_s=0.0)
    return DemoModel(
        client,
        name=DEMO,
        model=model,
        toolbox=Toolbox(built_in() if tools is None else tools, limits),
        limits=unhurried,
    )


def http_model(
    base_url: str,
    *,
    api_key: str | None = None,
    model: str | None = None,
    tools: tuple[Tool, ...] | None = None,
    limits: Limits = LIMITS,
) -> ChatCompletions:
    """Return the model at an address. Reads certificates from disk: call it in a thread.

    Raises UnusableAddress.
    """
    address, where = read_address(base_url)
    client = httpx.AsyncClient(
        base_url=address,
        headers={"Accept-Encoding": "identity"}
        | ({"Authorization": f"Bearer {api_key}"} if api_key else {}),
        event_hooks={"response": [refuse_packed_twice]},
        # Waiting is bounded by the adapter, which knows a first token from a stall.
        timeout=httpx.Timeout(None, connect=limits.connect_s_max),
        limits=KEPT_ALIVE,
        # A proxy named in the environment knows no way back to this machine.
        trust_env=urlsplit(address).hostname not in LOOPBACK,
    )
    return ChatCompletions(
        client,
        name=where,
        model=model,
        toolbox=Toolbox(built_in() if tools is None else tools, limits),
        limits=limits,
    )


async def refuse_packed_twice(response: httpx.Response) -> None:
    """Nobody asked for it, and two kilobytes would unpack to gigabytes before we could count."""
    if "," in response.headers.get("content-encoding", ""):
        raise httpx.DecodingError("the body was packed more than once", request=response.request)


def read_address(base_url: str) -> tuple[str, str]:
    """Return the base URL to use, and its host and port for people. Raises UnusableAddress.

    `/v1` is added where a bare host was given: that is where every such server has its calls.
    """
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise UnusableAddress("The model's address is not a valid URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnusableAddress("The model's address must begin with http:// or https://.")
    if parts.username or parts.password:
        raise UnusableAddress("Give the key as OPENAI_API_KEY, not inside the model's address.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = host if port is None else f"{host}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/') or '/v1'}", where


async def choose_model(
    settings: ModelSettings, *, limits: Limits = LIMITS, ollama_url: str = OLLAMA_URL
) -> Model:
    """Return what answers with these settings. Raises UnusableAddress. The caller closes it."""
    base_url = settings.base_url or (OPENAI_URL if settings.api_key else None)
    if base_url == DEMO or (base_url is None and settings.model in TOKENS_PER_S):
        return demo_model(model=settings.model, limits=limits)
    if base_url is not None:
        await asyncio.to_thread(rehearse, limits)
        return await asyncio.to_thread(
            http_model, base_url, api_key=settings.api_key, model=settings.model, limits=limits
        )
    found = await _local_ollama(ollama_url, settings.model, limits)
    return found or demo_model(limits=limits)


async def _local_ollama(url: str, model: str | None, limits: Limits) -> Model | None:
    """Return the Ollama on this machine, or None if it does not answer soon or has no model."""
    found = await asyncio.to_thread(http_model, url, model=model, limits=limits)
    try:
        async with asyncio.timeout(limits.probe_s_max):
            is_there = bool(await found.list_models())
    except (ModelError, TimeoutError):
        is_there = False  # which is the usual case: the demo answers
    if is_there:
        await asyncio.to_thread(rehearse, limits)
        return found
    await found.aclose()
    return None

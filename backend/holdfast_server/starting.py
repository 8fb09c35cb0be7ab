"""From settings to a server that serves: each step that can fail says so in one sentence.

Knows every part only by how it is opened.
"""

import asyncio
import errno
import logging
import socket
import sys
from pathlib import Path

import structlog

from holdfast_protocol.limits import SWITCH_INTERVAL_S
from holdfast_server.app import make_server
from holdfast_server.cannot_start import CannotGoOn, CannotStart
from holdfast_server.errands import Errands
from holdfast_server.journal.port import Journal
from holdfast_server.journal.refusals import StoreLocked, StoreUnavailable
from holdfast_server.journal.sqlite import SqliteJournal
from holdfast_server.models.choosing import ModelSettings, UnusableAddress, choose_model
from holdfast_server.models.port import Model
from holdfast_server.serving import serve
from holdfast_server.settings import Settings
from holdfast_server.sockets import FullHouse, allow_open_files, end_when_silent

BACKLOG = 2048


def start(settings: Settings) -> None:
    """Serve with these settings. Raises CannotStart.

    The port comes before the store: who starts the same thing twice by mistake is told that the
    port is in use, and has not taken the store from the one that serves.
    """
    log_to_stderr(settings.log_level)
    allow_open_files()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    listening = listen(settings.host, settings.port)
    try:
        asyncio.run(_run(settings, listening))
    finally:
        listening.close()


async def _run(settings: Settings, listening: socket.socket) -> None:
    asyncio.get_running_loop().set_default_executor(Errands())
    asyncio.get_running_loop().set_exception_handler(FullHouse())
    model = await open_model(settings)
    try:
        journal = await open_journal(settings.data_dir)
    except CannotStart:
        await model.aclose()
        raise
    server = make_server(journal, model, host=settings.host, context_chars=settings.context_chars)
    address = _address(listening)

    def say_ready() -> None:
        shown = "the built-in demo" if model.demo else model.name
        print(f"Holdfast is at {address} (model: {shown})", flush=True)

    why = await serve(server, journal, model, listening, say_ready)
    if why is not None:
        raise CannotGoOn(why)


def log_to_stderr(level: str) -> None:
    """Log ids and codes, one line each, and nothing below the level."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def listen(host: str, port: int) -> socket.socket:
    """Take the port, so that nobody else has it once we say we are there. Raises CannotStart."""
    try:
        listening = _without_delay(
            socket.create_server(
                (host, port),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                backlog=BACKLOG,
            )
        )
        end_when_silent(listening)
        return listening
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {port} is in use; choose another with --port, or 0 for a free one"
            ) from None
        raise CannotStart(f"cannot listen on {host} port {port}: {problem.strerror}") from None


def _without_delay(listening: socket.socket) -> socket.socket:
    """Return the socket as one that says that it is TCP; the one given is used up.

    Only on connections of such a socket does asyncio turn Nagle's delay off, which would
    hold the second piece of every answer back for some 40 ms.
    """
    return socket.socket(
        listening.family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach()
    )


async def open_model(settings: Settings) -> Model:
    """Return what answers. Raises CannotStart."""
    key = settings.openai_api_key
    wanted = ModelSettings(
        base_url=settings.openai_base_url,
        api_key=key.get_secret_value() if key else None,
        model=settings.model,
    )
    try:
        return await choose_model(wanted)
    except UnusableAddress as problem:
        raise CannotStart(f"--openai-base-url: {problem}") from None


async def open_journal(folder: Path) -> Journal:
    """Return the store in that folder, made if there is none. Raises CannotStart.

    From now on it is ours: a Holdfast that was using it can write nothing more, and ends.
    """
    try:
        return await SqliteJournal.open(folder)
    except StoreLocked as problem:
        raise CannotStart(
            f"cannot use the data folder {folder}: {problem};"
            " end what holds it, or wait until it is done, and start again"
        ) from None
    except StoreUnavailable as problem:
        raise CannotStart(
            f"cannot use the data folder {folder}: {problem}; choose another with --data-dir"
        ) from None


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""What an operator may choose, from options and from the environment (`HOLDFAST_…`).

The key of the model's provider comes from the environment only: options are seen by everybody
who may list processes.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from holdfast_server.cannot_start import CannotStart

LogLevel = Literal["debug", "info", "warning", "error"]

CONTEXT_CHARS = 200_000
"""How much of a thread is sent to the model at most: some 50,000 tokens."""


def default_data_dir() -> Path:
    """Return where this platform keeps a program's data: `$XDG_DATA_HOME/holdfast`, or the like."""
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "holdfast"


class Settings(BaseSettings):
    """Every option of `holdfast serve`. An empty variable counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    data_dir: Path = Field(default_factory=default_data_dir)
    model: str | None = None
    openai_base_url: str | None = Field(
        None, validation_alias=AliasChoices("HOLDFAST_OPENAI_BASE_URL", "OPENAI_BASE_URL")
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("HOLDFAST_OPENAI_API_KEY", "OPENAI_API_KEY")
    )
    context_chars: int = Field(CONTEXT_CHARS, ge=1000)
    log_level: LogLevel = "warning"

    @field_validator("host")
    @classmethod
    def _is_loopback(cls, host: str) -> str:
        if not is_loopback(host):
            raise ValueError(
                f"cannot listen on {host}: without accounts Holdfast serves this machine only;"
                " use 127.0.0.1, ::1 or localhost"
            )
        return host

    @field_validator("data_dir", mode="before")
    @classmethod
    def _is_named(cls, folder: object) -> object:
        if isinstance(folder, str) and not folder.strip():
            raise ValueError("names no folder; name one, or leave the option out")
        return folder


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Return the settings. Raises CannotStart with the option that is wrong."""
    try:
        return Settings(**given)
    except ValidationError as wrong:
        problem = wrong.errors(include_input=False, include_url=False)[0]
        option = "--" + str(problem["loc"][0]).removeprefix("HOLDFAST_").lower().replace("_", "-")
        reason = problem.get("ctx", {}).get("error") or problem["msg"]
        raise CannotStart(f"{option}: {reason}") from None


def is_loopback(host: str) -> bool:
    """Whether nothing outside this machine can reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""The command line: `holdfast serve`, `holdfast build`.

What cannot be done is said in one sentence on stderr, with an exit code that is not 0. Heavy
imports wait until a command needs them, so that `--help` is there at once.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast_server.cannot_start import CannotStart

cli = typer.Typer(
    help="Holdfast: a self-hosted AI chat whose answers hold fast.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Host = Annotated[
    str | None,
    typer.Option(
        envvar="HOLDFAST_HOST", show_default="127.0.0.1", help="Loopback address to listen on."
    ),
]
Port = Annotated[
    int | None,
    typer.Option(envvar="HOLDFAST_PORT", show_default="8000", help="Port; 0 picks a free one."),
]
DataDir = Annotated[
    str | None,  # not a Path, which would make the folder one stands in of an empty name
    typer.Option(
        metavar="PATH",
        envvar="HOLDFAST_DATA_DIR",
        show_default="~/.local/share/holdfast",
        help="Folder of the store; made if missing.",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        envvar="HOLDFAST_MODEL",
        show_default="the first one offered",
        help="Model to ask.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar=["HOLDFAST_OPENAI_BASE_URL", "OPENAI_BASE_URL"],
        show_default="a local Ollama, else demo",
        help="Address of an OpenAI-compatible server; 'demo' for the built-in demo.",
    ),
]
ContextChars = Annotated[
    int | None,
    typer.Option(
        envvar="HOLDFAST_CONTEXT_CHARS",
        show_default="200000",
        help="Most characters of a thread that are sent to the model.",
    ),
]
LogLevel = Annotated[
    str | None,
    typer.Option(
        envvar="HOLDFAST_LOG_LEVEL",
        show_default="warning",
        help="debug, info, warning or error.",
    ),
]


@cli.command()
def serve(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    model: ModelName = None,
    openai_base_url: BaseUrl = None,
    context_chars: ContextChars = None,
    log_level: LogLevel = None,
) -> None:
    """Serve the page and the API until Ctrl-C or SIGTERM.

    The key for the model's server comes from the environment only: HOLDFAST_OPENAI_API_KEY,
    or OPENAI_API_KEY. With nothing configured a local Ollama answers if there is one, else a
    built-in demo.
    """
    from holdfast_server.settings import read_settings

    given = {name: value for name, value in context.params.items() if value is not None}
    settings = read_settings(given)

    from holdfast_server.starting import start

    start(settings)


@cli.command()
def build() -> None:
    """Build the page from the sources of this checkout into frontend/dist."""
    root = Path(__file__).resolve().parent.parent.parent
    if not (root / "frontend" / "build" / "__main__.py").is_file():
        raise CannotStart("this is an installed package: its page is built already")
    built = subprocess.run([sys.executable, "-m", "frontend.build"], cwd=root, check=False)
    raise typer.Exit(built.returncode)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(cli)
    try:
        code = command.main(given or ["--help"], prog_name="holdfast", standalone_mode=False)
    except CannotStart as problem:
        _complain(str(problem))
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except typer.TyperException as problem:
        _complain(problem.format_message())
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(sentence: str) -> None:
    print(f"holdfast: {' '.join(sentence.split())}", file=sys.stderr)

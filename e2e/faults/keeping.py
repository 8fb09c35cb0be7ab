"""What is kept of a case that failed: the server's folder and every reader's recording."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from e2e.faults.case import Case
from e2e.faults.rig import Rig


def keep(rig: Rig, what: str, case: Case | None, faults: Sequence[str]) -> Path:
    """Copy everything that tells what happened into a new folder, and return it."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-faults-"))
    shutil.copytree(rig.server.folder, folder / "server")
    for follower in rig.followers:
        reader = follower.reader
        name = reader.name.replace(" ", "-")
        (folder / f"{name}.bytes").write_bytes(reader.raw)
        received = [{"at_s": one.at_s, "entry": one.entry} for one in reader.receipts]
        written = {"cursor": reader.cursor, "received": received, "torn": reader.torn}
        (folder / f"{name}.json").write_text(json.dumps(written, ensure_ascii=False, indent=1))
    told = [what, *(repr(question) for question in case.questions)] if case else [what]
    (folder / "case.txt").write_text("\n\n".join((*told, *faults)))
    return folder

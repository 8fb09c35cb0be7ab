"""What the first question costs: no more than any other, for the start has paid for it."""

import json
import subprocess
import sys
from functools import partial

from backend.tests.models.conftest import patience
from e2e.provider import Provider
from e2e.provider_call import Call, Pace
from holdfast_server.models.choosing import ModelSettings, choose_model
from holdfast_server.models.rehearsal import rehearse


def test_the_first_answer_loads_no_module() -> None:
    pace = Pace(tokens=3, rate=1_000)
    with Provider(answer=partial(Call.speak_at, pace=pace)) as provider:
        asked = subprocess.run(
            [sys.executable, "-m", "backend.tests.models.first_answer", provider.base_url],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == []


def test_L12_a_rehearsal_that_takes_too_long_is_broken_off() -> None:
    assert rehearse(patience(rehearsal_s_max=60.0)) is True
    assert rehearse(patience(rehearsal_s_max=0.0)) is False


async def test_a_start_goes_on_without_its_rehearsal() -> None:
    model = await choose_model(
        ModelSettings(base_url="http://127.0.0.1:1/v1"), limits=patience(rehearsal_s_max=0.0)
    )
    await model.aclose()
    assert model.name == "127.0.0.1:1"

"""Where the reader is in the thread that is shown."""

import json
from dataclasses import dataclass

from holdfast_js import follow


@dataclass(frozen=True, slots=True)
class Place:
    """The first message in view, and how many pixels below the upper edge it begins."""

    message: str
    top: float


class Reading:
    """The view follows its end by itself while the reader is there; this is for everything else."""

    def place(self) -> Place | None:
        """Return where the reader is; None: at the end, and going with it."""
        place = json.loads(follow.place())
        return Place(**place) if place is not None else None

    def go_to(self, place: Place | None) -> None:
        """Come back to a place that `place` gave; to the end if its message is gone."""
        if place is None:
            follow.toEnd()
        else:
            follow.goTo(place.message, place.top)

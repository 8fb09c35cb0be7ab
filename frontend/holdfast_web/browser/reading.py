"""Where the reader is in the thread that is shown."""

from holdfast_js import follow


class Reading:
    """The view follows its end by itself while the reader is there; this is for everything else."""

    to_end = staticmethod(follow.toEnd)

    def place(self) -> float | None:
        """Pixels from the top, or None at the end."""
        top = follow.place()
        return None if top is None else float(top)

    def go_to(self, top: float | None) -> None:
        """Come back to a place that `place` gave."""
        follow.goTo(top)

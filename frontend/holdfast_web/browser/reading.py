"""Where the reader is in the thread that is shown."""

from holdfast_js import follow

END = -1.0
"""The place of a reader who follows the stream."""


class Reading:
    """The view follows its end by itself while the reader is there; this is for everything else."""

    to_end = staticmethod(follow.toEnd)

    def place(self) -> float:
        """Pixels from the top, or END."""
        return float(follow.place())

    def go_to(self, top: float) -> None:
        """Come back to a place that `place` gave."""
        follow.goTo(top)

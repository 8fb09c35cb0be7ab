"""Why a command cannot be carried out, as a sentence for the person who gave it."""


class CannotStart(Exception):
    """What was asked for cannot be done. The message says why, and what to do."""


class CannotGoOn(CannotStart):
    """It was under way, and had to end before it was told to."""

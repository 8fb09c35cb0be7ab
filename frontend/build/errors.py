"""What can go wrong in a build, as one sentence for the person who started it."""


class BuildError(Exception):
    """A step of the build failed; the message says which, and what was expected."""

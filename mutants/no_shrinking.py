"""A pytest plugin for the runs of mutants: whether a property fails is all they ask, not how small
the example can be made."""

from hypothesis import Phase, settings

settings.register_profile("no-shrinking", phases=(Phase.explicit, Phase.generate), database=None)
settings.load_profile("no-shrinking")

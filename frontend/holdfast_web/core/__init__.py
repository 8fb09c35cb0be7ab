"""What the page decides, pure: no browser, no clock, no randomness.

Everything that happens comes in as an input (`inputs`), `update` answers with a new `App` and the
effects to carry out (`effects`), and `select` says what is to be seen. The shell does the rest.
"""

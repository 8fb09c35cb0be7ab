"""What both sides of Holdfast agree on: the vocabulary, the fold, and the bounds.

Runs unchanged on the server, in the page and in tests. Standard library only; no input or
output, no clock, no randomness: times and ids are passed in. PROTOCOL.md beside this file is
the same agreement in prose; a test holds the two together.
"""

PROTOCOL_VERSION = 1

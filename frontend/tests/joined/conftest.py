"""Property tests run the same examples every time, as those of the protocol do."""

import frontend.tests.protocol.conftest  # noqa: F401

"""All steps of the build, in order."""

from __future__ import annotations

from frontend.build import bytecode, npm, site, wybthon


def build() -> dict:
    """Build what has changed and return the manifest of the whole site, as in build.json."""
    npm.install()
    wybthon.install()
    return site.write(bytecode.stdlib_zip(), bytecode.app_zip())

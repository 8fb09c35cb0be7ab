"""Whose data a request is about. A fresh install has one account."""

from starlette.requests import Request

LOCAL = "local"


def account_of(request: Request) -> str:
    """Return the account that the request speaks for."""
    return LOCAL

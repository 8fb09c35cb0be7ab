"""What can go wrong between us and a model, each as a sentence with what to do.

The provider's own words are never shown: they may quote the key or the question. Only its error
code decides, where it has one.
Must not know: runs, and whether somebody tries again.
"""

import httpx

from holdfast_server.models.port import ModelError
from holdfast_server.models.stream import MalformedChunk, parse_object


def unreachable(where: str, error: httpx.RequestError) -> ModelError:
    """The request got no response."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return ModelError(
                "model_unreachable",
                f"The model at {where} did not answer in time. "
                "Check the address and the network, then try again.",
                retryable=True,
            )
        case httpx.DecodingError() | httpx.UnsupportedProtocol():
            return malformed(where)
        case httpx.ConnectError():
            return _not_connected(where, error)
        case _:
            return broke_off(where)


def _not_connected(where: str, error: httpx.ConnectError) -> ModelError:
    reasons = list(_causes(error))
    if any(isinstance(reason, ConnectionRefusedError) for reason in reasons):
        ask = "Is Ollama running?" if where.endswith(":11434") else "Is it running?"
        return ModelError(
            "model_refused", f"The model at {where} refused the connection. {ask}", retryable=True
        )
    if any("CERTIFICATE" in str(reason) for reason in reasons):
        return ModelError(
            "model_certificate",
            f"The certificate of {where} is not trusted. Check the address, or install it.",
            retryable=False,
        )
    return ModelError(
        "model_unreachable",
        f"The model at {where} cannot be reached. Check the address and the network.",
        retryable=True,
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, what caused it, and the members of groups, at most 16 deep."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 16:
        one = waiting.pop()
        if one is None:
            continue
        found.append(one)
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return found


def no_first_token(where: str) -> ModelError:
    return ModelError(
        "model_timeout",
        f"The model at {where} took too long to begin. It may be overloaded: try again later, "
        "or choose a smaller model.",
        retryable=True,
    )


def stalled(where: str) -> ModelError:
    return ModelError(
        "model_stalled",
        f"The model at {where} stopped sending in the middle of its answer. Continue, or try "
        "again.",
        retryable=True,
    )


def broke_off(where: str) -> ModelError:
    return ModelError(
        "model_broke_off",
        f"The model at {where} broke off before its answer was whole. Continue, or try again.",
        retryable=True,
    )


def malformed(where: str) -> ModelError:
    return ModelError(
        "model_malformed",
        f"The model at {where} sent something that is not an answer. Is it an OpenAI-compatible "
        "address? It usually ends in /v1.",
        retryable=True,
    )


def too_much(where: str) -> ModelError:
    return ModelError(
        "model_too_long",
        f"The model at {where} sent more than one answer may hold, and was ended.",
        retryable=False,
    )


def too_many_rounds(where: str, rounds: int) -> ModelError:
    return ModelError(
        "model_tool_loop",
        f"The model at {where} called tools {rounds} times without coming to an end. Ask in "
        "another way, or choose another model.",
        retryable=True,
    )


def nothing_said(where: str) -> ModelError:
    return ModelError(
        "model_empty",
        f"The model at {where} ended without saying anything. Try again, or choose another model.",
        retryable=True,
    )


def no_models(where: str) -> ModelError:
    return ModelError(
        "model_none",
        f"The server at {where} offers no model. Install one there, or name one.",
        retryable=True,
    )


def withheld(where: str) -> ModelError:
    return ModelError(
        "model_withheld",
        f"The server at {where} held the answer back for its content. Ask in another way.",
        retryable=False,
    )


def refused(where: str, status: int, body: bytes, model: str | None) -> ModelError:
    """The server answered with an error status. `model` is what was asked for, if anything was."""
    code = error_code(body)
    if code in ("context_length_exceeded", "exceed_context_size_error"):
        return _too_long_for(where)
    named = f"the model {model}" if model else "what was asked for"
    match status:
        case 401 | 403:
            said = f"The server at {where} did not accept the key. Check it in the settings."
            return ModelError("model_unauthorized", said, retryable=False)
        case 402:
            said = f"The account at {where} has no credit left. Top it up, then try again."
            return ModelError("model_unpaid", said, retryable=False)
        case 404:
            said = (
                f"The server at {where} does not know {named}. Choose another one, or check the "
                "address: it usually ends in /v1."
            )
            return ModelError("model_not_found", said, retryable=False)
        case 413:
            return _too_long_for(where)
        case 429 if code == "insufficient_quota":
            said = f"The account at {where} has no quota left. Top it up, then try again."
            return ModelError("model_unpaid", said, retryable=False)
        case 429:
            said = f"The model at {where} has too much to do. Wait a little, then try again."
            return ModelError("model_busy", said, retryable=True)
        case 408 | 504:
            return no_first_token(where)
        case _ if 300 <= status < 400:
            said = f"The server at {where} points to another address. Enter that one instead."
            return ModelError("model_moved", said, retryable=False)
        case _ if status >= 500:
            said = f"The server at {where} had an error of its own ({status}). Try again later."
            return ModelError("model_server_error", said, retryable=True)
        case _:
            said = f"The server at {where} did not accept the question ({status})."
            return ModelError("model_rejected", said, retryable=False)


def _too_long_for(where: str) -> ModelError:
    return ModelError(
        "model_context",
        f"The conversation is longer than the model at {where} can read. Begin a new thread, or "
        "choose a model that reads more.",
        retryable=False,
    )


def reported(where: str, report: object) -> ModelError:
    """The provider's error object came inside a stream that had begun well."""
    code = report.get("code") if isinstance(report, dict) else None
    if isinstance(code, int) and 400 <= code < 600:
        return refused(where, code, b"", None)
    if code == "context_length_exceeded":
        return _too_long_for(where)
    if code in ("rate_limit_exceeded", "insufficient_quota"):
        return refused(where, 429, b"", None)
    return ModelError(
        "model_server_error",
        f"The model at {where} reported an error in the middle of its answer. Try again.",
        retryable=True,
    )


def error_code(body: bytes) -> str | None:
    """Return the provider's machine-readable code, or None."""
    try:
        match parse_object(body):
            case {"error": {"code": str(code)}} if code:
                return code
            case {"error": {"type": str(code)}}:
                return code
    except MalformedChunk:
        pass  # an error page in HTML, say: the status must do
    return None

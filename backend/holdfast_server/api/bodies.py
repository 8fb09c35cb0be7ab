"""What requests may say: one record for each body, and for each kind of query value.

Unknown fields are ignored. Text is cleaned before it is measured (L24). What does not fit is
answered with the field and the limit named, never with what was sent.
"""

import json
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from holdfast_protocol import limits
from holdfast_protocol.ids import is_id
from holdfast_protocol.text import clean
from holdfast_server.api.errors import ApiError


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _id(value: str) -> str:
    if not is_id(value):
        raise ValueError("is not an id")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


def _chars(most: int) -> Any:
    return Annotated[str, BeforeValidator(_cleaned), StringConstraints(max_length=most)]


Id = Annotated[str, AfterValidator(_id)]
Title = _chars(limits.TITLE_CHARS_MAX)
ModelName = _chars(limits.MODEL_NAME_CHARS_MAX)
Instructions = _chars(limits.INSTRUCTIONS_CHARS_MAX)
Question = Annotated[_chars(limits.MESSAGE_CHARS_MAX), AfterValidator(_not_blank)]


class Body(BaseModel):
    """No guessing: a number is no text, and 1 is not true."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())


class CreateThreadBody(Body):
    id: Id
    title: Title | None = None
    model: ModelName | None = None
    instructions: Instructions | None = None


class ReadMarkBody(Body):
    message: Id
    part: Id
    chars: int = Field(ge=0, le=limits.NUMBER_MAX)


class ChangeThreadBody(Body):
    """Only what is given changes."""

    title: Title = ""
    muted: bool = False
    pinned: bool = False
    archived: bool = False
    read_through: ReadMarkBody | None = None
    model: ModelName | None = None
    instructions: Instructions | None = None
    leaf: Id = ""


class SendBody(Body):
    id: Id
    reply: Id
    text: Question
    parent: Id | None = None
    model: ModelName | None = None


class ContinueBody(Body):
    run: Id


class PresenceBody(Body):
    thread: Id | None
    visible: bool
    focused: bool


PathId = Annotated[str, AfterValidator(_id)]
Before = Annotated[Id | None, Query(description="the id of the last item had")]
ThreadsLimit = Annotated[int, Query(ge=1, le=limits.THREADS_PER_PAGE_MAX)]
MessagesLimit = Annotated[int, Query(ge=1, le=limits.MESSAGES_PER_PAGE_MAX)]
Search = Annotated[_chars(limits.SEARCH_CHARS_MAX) | None, Query(description="searches titles")]
WaitSeconds = Annotated[
    float, Query(ge=0, le=limits.POLL_WAIT_S_MAX, allow_inf_nan=False, description="long poll")
]

B = TypeVar("B", bound=Body)


async def read_body(request: Request, kind: type[B]) -> B:
    """Return the request's body as `kind`, whatever media type it claims. Raises ApiError."""
    raw = await request.body()
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise ApiError(422, "bad_json", "The body is not JSON.") from None
    try:
        return kind.model_validate(content)
    except ValidationError as wrong:
        raise invalid(wrong.errors(include_input=False, include_url=False)) from None


def described(kind: type[Body]) -> dict[str, Any]:
    """Return what OpenAPI is told of a body."""
    schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def invalid(problems: Any) -> ApiError:
    """Return the error for the first of a validator's problems."""
    problem = problems[0]
    place = [str(step) for step in problem["loc"] if step not in ("body", "query", "path")]
    field = ".".join(place) or "the body"
    bounds = problem.get("ctx", {})
    match problem["type"]:
        case "string_too_long" | "too_long":
            most = bounds["max_length"]
            return ApiError(413, "too_long", f"{field} may have at most {most:,} characters.")
        case "less_than_equal" if "le" in bounds:
            return ApiError(422, "invalid", f"{field} may be at most {bounds['le']:,}.")
        case "greater_than_equal" if "ge" in bounds:
            return ApiError(422, "invalid", f"{field} must be at least {bounds['ge']:,}.")
        case "missing":
            return ApiError(422, "invalid", f"{field} is missing.")
        case "value_error":
            return ApiError(422, "invalid", f"{field} {bounds['error']}.")
    # The validator's own sentences tell the expected type and never quote the input.
    return ApiError(422, "invalid", f"{field}: {problem['msg']}.")

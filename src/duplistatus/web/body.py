"""Bodies of requests to our own API. In: a request whose caller was let in; out: its JSON object, or `Refused` with 400 or 413. Handlers
read bodies through this, not as parameters, because the framework would read those before the guard has spoken."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request

from duplistatus.web.errors import Refused

LARGEST = 1024 * 1024
ID_DIGITS = 18
"""Of the largest number that surely is in the range of a column."""

READ_AS_FORM = "duplistatus.read_as_form"
"""Stands in the scope of a request whose body has been read already."""

JsonObject = Mapping[str, object]


async def read_body(request: Request, largest: int = LARGEST) -> bytes:
    """The body, at most `largest` bytes of it."""
    if request.scope.get(READ_AS_FORM):
        # The session's token was looked for in it.
        raise Refused(400, "The request is a form, which means nothing here", "bad_request")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise Refused(413, f"The request is larger than {largest} bytes", "too_large")
        parts.append(part)
    return b"".join(parts)


async def json_object(request: Request, largest: int = LARGEST, *, optional: bool = False) -> JsonObject:
    """The JSON object of the body; `optional`: a body that is absent is an empty one."""
    body = await read_body(request, largest)
    if optional and not body.strip():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "The request is not valid JSON", "invalid_json") from None
    if not isinstance(value, dict):
        raise Refused(400, "The request must be a JSON object", "invalid_json")
    return value


def whole_number(text: str, digits: int) -> int | None:
    """The number in a field of a form, of at most so many digits; None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


def text(body: JsonObject, name: str) -> str | None:
    """A field that is text; None when it is absent or null. Anything else is refused, and so is U+0000, which PostgreSQL cannot hold."""
    value = body.get(name)
    if value is None or (isinstance(value, str) and "\0" not in value):
        return value
    raise Refused(400, f"{name} must be text", "bad_request")


def flag(body: JsonObject, name: str) -> bool | None:
    """A field that is true or false; None when it is absent or null. Anything else is refused."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise Refused(400, f"{name} must be true or false", "bad_request")

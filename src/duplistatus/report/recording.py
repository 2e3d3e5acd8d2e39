"""A request as it was recorded to a file, `{"method", "headers", "body"}`: bytes in, the request's own body and headers out. Any
other file is itself the body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Recording:
    """A body with the headers that say how to read it."""

    body: bytes
    content_type: str | None = None
    content_encoding: str | None = None


def unwrap(content: bytes) -> Recording:
    """The request in a file."""
    try:
        record = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Recording(content)
    if not isinstance(record, dict) or not {"method", "headers", "body"} <= record.keys():
        return Recording(content)
    body = record["body"]
    headers = dict(_headers(record["headers"]))
    return Recording(
        body=body.encode() if isinstance(body, str) else orjson.dumps(body),
        content_type=headers.get("content-type"),
        content_encoding=headers.get("content-encoding"),
    )


def _headers(headers: object) -> Iterator[tuple[str, str]]:
    """Pairs of name in lower case and value, from an object or from a list of pairs."""
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    for pair in pairs if isinstance(pairs, list) else ():
        match pair:
            case [str(name), str(value)] | (str(name), str(value)):
                yield name.lower(), value
            case _:
                continue

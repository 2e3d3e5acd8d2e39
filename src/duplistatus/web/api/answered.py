"""What routes tell the OpenAPI document of their answers: names of shapes in `schemas`, which only that document loads. In: names and
sentences; out: the `responses` of a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Responses = dict[int | str, dict[str, Any]]


def answered(*shapes: str, many: bool = False, failures: Mapping[int, str] | None = None) -> Responses:
    """JSON of one of these shapes, or a list of it; `failures` are sentences by status."""
    schema = _one([_shape(name) for name in shapes])
    if many:
        schema = {"type": "array", "items": schema}
    found: Responses = {200: _json("Answer", schema)}
    for status, sentence in (failures or {}).items():
        found[status] = _json(sentence, _shape("Failure"))
    return found


def taking(shape: str, *, required: bool = True) -> dict[str, Any]:
    """What a route that reads its body by itself tells of it: `openapi_extra=taking("NewUser")`."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": _shape(shape)}}}}


def failing(status: int, sentence: str, shape: str) -> Responses:
    """A failure with a shape of its own."""
    return {status: _json(sentence, _shape(shape))}


def described(sentence: str, media_type: str = "*/*") -> Responses:
    """An answer that is no JSON."""
    return {200: {"description": sentence, "content": {media_type: {"schema": {"type": "string"}}}}}


def _shape(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _one(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _json(sentence: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": sentence, "content": {"application/json": {"schema": schema}}}

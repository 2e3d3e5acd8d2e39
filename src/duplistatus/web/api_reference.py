"""The OpenAPI document as people read it. In: the document; out: groups of operations with their parameters and answers, and the shapes
that answers have, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

_GROUPS = {
    "external": "For other programs",
    "reports": "Receiving reports",
    "fleet": "Servers and totals",
    "jobs": "Jobs",
    "silences": "Holding messages back",
    "tags": "Tags of servers",
    "runs": "Runs",
    "charts": "Charts",
    "sign-in": "Signing in",
    "users": "Accounts",
    "administration": "Administration",
    "health": "Health and metrics",
    "reference": "This reference",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a sentence; `code`: it stood between backticks."""

    text: str
    code: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    kind: str
    required: bool
    choices: tuple[str, ...]
    about: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One answer. `shapes` are names of shapes, `many` that it is a list of them."""

    status: str
    about: tuple[Text, ...]
    shapes: tuple[str, ...]
    many: bool
    media_type: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    title: str
    about: tuple[tuple[Text, ...], ...]
    parameters: tuple[Parameter, ...]
    results: tuple[Result, ...]

    @property
    def reads(self) -> bool:
        """Whether trying it changes nothing."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a shape. `shape`: the name of the shape that it has, empty for plain values; `nullable`: it can be null."""

    name: str
    kind: str
    shape: str
    nullable: bool
    about: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    about: tuple[Text, ...]
    fields: tuple[Field, ...]


def texts(sentence: str) -> tuple[Text, ...]:
    """A sentence cut at its backticks."""
    return tuple(Text(part, bool(place % 2)) for place, part in enumerate(sentence.split("`")) if part)


def groups_of(document: Mapping[str, Any]) -> list[Group]:
    """The operations by their first tag, in the order of `_GROUPS`; further tags come last."""
    found = [
        (operation.get("tags", ["other"])[0], _operation(method, path, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    order = list(_GROUPS)

    def place(tag: str) -> tuple[int, str]:
        return (order.index(tag) if tag in order else len(order), tag)

    found.sort(key=lambda each: place(each[0]))
    return [
        Group(_GROUPS.get(tag, tag.capitalize()), tuple(operation for _, operation in members))
        for tag, members in groupby(found, lambda each: each[0])
    ]


def shapes_of(document: Mapping[str, Any]) -> list[Shape]:
    """The shapes by name."""
    return [
        Shape(name, texts(shape.get("description", "")), tuple(_fields(shape)))
        for name, shape in sorted(document["components"]["schemas"].items())
    ]


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    paragraphs = [part for part in re.split(r"\n\s*\n", operation.get("description", "")) if part.strip()]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation.get("summary", ""),
        about=tuple(texts(" ".join(part.split())) for part in paragraphs),
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        results=tuple(_result(status, each) for status, each in sorted(operation.get("responses", {}).items())),
    )


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    schema = parameter.get("schema", {})
    kind, _ = _kind(schema)
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        kind=kind,
        required=parameter.get("required", False),
        choices=tuple(str(each) for each in schema.get("enum", ())),
        about=texts(parameter.get("description", "")),
    )


def _result(status: str, result: Mapping[str, Any]) -> Result:
    contents: Mapping[str, Any] = result.get("content", {})
    media_type = next(iter(contents), "")
    schema = contents.get(media_type, {}).get("schema", {})
    many = schema.get("type") == "array"
    inner = schema.get("items", {}) if many else schema
    options = inner.get("anyOf", [inner])
    shapes = tuple(_ref(each) for each in options if "$ref" in each)
    return Result(status, texts(result.get("description", "")), shapes, many, media_type)


def _fields(shape: Mapping[str, Any]) -> Iterable[Field]:
    for name, schema in shape.get("properties", {}).items():
        kind, inner = _kind(schema)
        nullable = any(each.get("type") == "null" for each in [schema, *schema.get("anyOf", ())])
        yield Field(name, kind, inner, nullable, texts(schema.get("description", "")))


def _ref(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _kind(schema: Mapping[str, Any]) -> tuple[str, str]:
    """What a value is other than null, in words, and the shape that it has."""
    if schema.get("type") == "null":
        return "", ""
    if "$ref" in schema:
        return "", _ref(schema)
    if "anyOf" in schema:
        kinds = [_kind(each) for each in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds if kind), next((shape for _, shape in kinds if shape), "")
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        inner, shape = _kind(schema.get("items", {}))
        return f"list of {inner}" if inner else "list of", shape
    if kind == "object":
        values = schema.get("additionalProperties")
        inner, shape = _kind(values) if isinstance(values, dict) and values else ("", "")
        return f"object of {inner}" if inner else "object", shape
    return {"date-time": "time"}.get(schema.get("format", ""), kind), ""

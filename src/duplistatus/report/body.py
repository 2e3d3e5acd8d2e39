"""The body of a request: bytes and headers in, one parsed document out. Takes what Duplicati sends and what lies between it and
here may make of it: gzip, a byte-order mark, a form around the message, JSON in a JSON string, a content type that is wrong."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson

from duplistatus.report.plain_text import read_plain_text
from duplistatus.report.rejection import NotAReport, TooLarge
from duplistatus.report.report import Kind

GZIP = b"\x1f\x8b"
_WITH_GZIP_HEADER = 31
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FORM = re.compile(rb"[^\s=&{}\[\]\"]{1,200}=")
_MESSAGE = "message"
_MOST_PARAMETERS = 1_000
# PostgreSQL keeps no NUL in a text; \ before it may itself be escaped.
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT = "�"


@dataclass(frozen=True, slots=True)
class Payload:
    """A document of the shape of Duplicati's JSON, and the form in which it came."""

    document: Mapping[str, object]
    kind: Kind


def read_payload(body: bytes, content_type: str | None, content_encoding: str | None, max_bytes: int) -> Payload:
    """The document in a body. What the body looks like decides; the content type only words the refusal."""
    if len(body) > max_bytes:
        raise TooLarge(max_bytes)
    raw = _without_byte_order_mark(decompressed(body, content_encoding, max_bytes)).strip()
    if not raw:
        raise NotAReport("empty_body", "The request has no body")
    if raw[:1] in b'{["':
        return Payload(_json_object(raw), Kind.JSON)
    if _FORM.match(raw):
        return _read_form(raw)
    try:
        return Payload(read_plain_text(raw.decode("utf-8", "replace").replace("\0", _REPLACEMENT), {}), Kind.TEXT)
    except NotAReport as refusal:
        if refusal.code != "no_report" or "json" not in (content_type or "").lower():
            raise
        return Payload(_json_object(raw), Kind.JSON)


def decompressed(body: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """The body without gzip. Raises TooLarge, NotAReport. A proxy may have unpacked it and left the header, so the bytes decide."""
    for encoding in (content_encoding or "").lower().split(","):
        if encoding.strip() not in ("", "identity", "gzip", "x-gzip"):
            raise NotAReport("bad_encoding", f"Content-Encoding {encoding.strip()[:40]} is not supported: use gzip or none")
    if not body.startswith(GZIP):
        return body
    inflater = zlib.decompressobj(_WITH_GZIP_HEADER)
    try:
        inflated = inflater.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise NotAReport("bad_encoding", "The gzip data is damaged") from error
    if len(inflated) > max_bytes:
        raise TooLarge(max_bytes)
    if not inflater.eof or inflater.unused_data:
        raise NotAReport("bad_encoding", "The gzip data is incomplete or followed by something else")
    return inflated


def _without_byte_order_mark(raw: bytes) -> bytes:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            unmarked = raw[len(mark) :]
            return unmarked if encoding == "utf-8" else unmarked.decode(encoding, "replace").encode("utf-8", "replace")
    return raw


def _json_object(raw: bytes) -> Mapping[str, object]:
    value = _json(raw)
    if isinstance(value, str) and value.lstrip()[:1] == "{":  # encoded twice by something in between
        value = _json(value.encode())
    if not isinstance(value, dict):
        raise NotAReport("no_report", "The document is JSON, but no report of Duplicati: it is not an object")
    return value


def _json(raw: bytes) -> object:
    if b"\\" in raw and b"\\u0000" in raw:  # one byte is found much faster than six
        raw = _ESCAPED_NUL.sub(rb"\1\\ufffd", raw)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotAReport("invalid_json", f"The body is no valid JSON: {error}") from error


def _read_form(raw: bytes) -> Payload:
    """The message of a form, with the form's other fields as keys of `Extra`."""
    fields = _form_fields(raw.decode("utf-8", "replace"))
    message = fields.pop(_message_field(fields)).strip().removeprefix("\ufeff")
    parameters = _parameters(fields)
    if message[:1] == "{":
        document = dict(_json_object(message.encode("utf-8", "replace")))
        if parameters and isinstance(extra := document.get("Extra"), dict):
            document["Extra"] = {**parameters, **extra}
        return Payload(document, Kind.JSON)
    return Payload(read_plain_text(message, parameters), Kind.TEXT)


def _form_fields(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise NotAReport("no_report", f"The form has more than {_MOST_PARAMETERS} fields") from error
    return {key.replace("\0", _REPLACEMENT): value.replace("\0", _REPLACEMENT) for key, value in pairs}


def _message_field(fields: Mapping[str, str]) -> str:
    """The name of the field that holds the report: users may give it another with `send-http-message-parameter-name`."""
    if _MESSAGE in fields:
        return _MESSAGE
    longest = max(fields, key=lambda key: len(fields[key]), default=None)
    if longest is None:
        raise NotAReport("no_report", "The form has no message")
    return longest


def _parameters(fields: Mapping[str, str]) -> dict[str, str]:
    """Extra parameters. Duplicati 2.1.0 escapes the whole of them, `&site%3Dnorth%26rack%3D7`, which makes one name without value."""
    parameters: dict[str, str] = {}
    for key, value in fields.items():
        if value == "" and "=" in key:
            parameters.update(_form_fields(key))
        elif key:
            parameters[key] = value
    return parameters

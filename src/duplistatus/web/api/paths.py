"""Names in paths. In: a request whose path holds names that people chose, which may contain slashes and percent signs; out: the
names, each decoded by itself, so that an encoded slash stays part of its name."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request


def names_after(request: Request, prefix: str, between: str | None = None) -> tuple[str, ...]:
    """The names after `prefix`: one, or, with `between`, the two around it. Names that arrive with their slashes decoded (proxies do
    that) are taken apart at the first `between`."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    text = raw.partition(b"?")[0].decode("ascii", "replace")
    _, _, rest = text.partition(prefix)
    if between is None:
        return (unquote(rest),)
    first, _, second = rest.partition(between)
    return unquote(first), unquote(second)

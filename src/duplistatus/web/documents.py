"""Documents that came from outside, handed back as they came. In: bytes, the type that the sender gave, a name; out: a download that no
browser runs or shows as a page of this site."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response

_PLAIN = re.compile(r"^(application/json|text/plain|application/x-www-form-urlencoded)\b", re.IGNORECASE)
_SAFE = re.compile(r"[^A-Za-z0-9._-]")


def document_answer(body: bytes, content_type: str, name: str) -> Response:
    """A download. Types other than those that Duplicati sends become plain bytes: they are the sender's words."""
    known = _PLAIN.match(content_type)
    media_type = content_type if known and content_type.isascii() and content_type.isprintable() else "application/octet-stream"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{_SAFE.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    # Given in the headers, so that nothing is added to it.
    return Response(body, headers={**headers, "Content-Type": media_type})

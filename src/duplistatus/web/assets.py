"""The files that browsers fetch: styles, scripts, pictures. In: the folder `static/`; out: each file's address, which contains a hash
of all of them, and the answer to a request for it. A page and its files always fit together: a changed file changes every address, so
browsers may keep each one for ever. The style sheets are served as one, because a page cannot be painted before all have come."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.web.access import Access, Caller, Refused, guarded
from duplistatus.web.compression import accepted, compressed

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "static"
STYLE = "style.css"
STYLE_PARTS = (
    "styles/tokens.css",
    "styles/components.css",
    "styles/frame.css",
    "styles/fleet.css",
    "styles/charts.css",
    "styles/detail.css",
    "styles/live.css",
    "styles/tasks.css",
    "styles/explain.css",
    "styles/monitoring.css",
    "styles/silences.css",
    "styles/messages.css",
    "styles/notifications.css",
    "styles/channels.css",
    "styles/summaries.css",
    "vendor/uPlot-1.6.32.min.css",
)
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".ico": "image/x-icon"}
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "public, no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    body: bytes
    media_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by path, and the hash of them together."""

    files: dict[str, Asset]
    version: str

    def path(self, name: str) -> str:
        """The address of a file, without ROOT_PATH. Raises KeyError for a file that is not there."""
        if name not in self.files:
            raise KeyError(f"static/{name}")
        return f"/static/{self.version}/{name}"


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


@cache
def assets() -> Assets:
    """The files of this process, read once."""
    files: dict[str, Asset] = {}
    for file in sorted(FOLDER.rglob("*")):
        if file.is_file():
            name = file.relative_to(FOLDER).as_posix()
            files[name] = _asset(name, file.read_bytes())
    files[STYLE] = _asset(STYLE, b"\n".join(files[part].body for part in STYLE_PARTS if part in files))
    together = hashlib.sha256()
    for name, asset in sorted(files.items()):
        together.update(f"{name} {asset.tag}\n".encode())
    return Assets(files, together.hexdigest()[:12])


@cache
def _encoded(name: str, encoding: str | None) -> tuple[bytes, str | None]:
    asset = assets().files[name]
    return compressed(asset.body, None if asset.media_type == "image/x-icon" else encoding, once=True)


def serve(request: Request, name: str, *, forever: bool) -> Response:
    """The answer for a file: in the best encoding, 304 for a browser that has it."""
    asset = assets().files.get(name)
    if asset is None:
        raise Refused(404, "Not found", "not_found")
    headers = {"Cache-Control": _FOREVER if forever else _ASK, "ETag": asset.tag, "Vary": "Accept-Encoding"}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body, encoding = _encoded(name, accepted(request.headers.get("accept-encoding", "")))
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, media_type=asset.media_type, headers=headers)


@router.get("/static/{version}/{name:path}")
def read_static(request: Request, version: str, name: str, caller: Annotated[Caller, guarded(Access.OPEN, session=False)]) -> Response:
    """A file. Under the address of another version it is served too, but not to be kept."""
    return serve(request, name, forever=version == assets().version)


@router.get("/favicon.ico")
def read_favicon(request: Request, caller: Annotated[Caller, guarded(Access.OPEN, session=False)]) -> Response:
    """The picture of the tab, for those who ask without reading the page."""
    return serve(request, "favicon.ico", forever=False)

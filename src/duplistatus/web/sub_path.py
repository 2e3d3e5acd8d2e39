"""Hosting under a path (`ROOT_PATH`). In: requests as a proxy passes them on, with that path in front or without it; out: requests whose
`root_path` says what is in front, so that routes are found either way. The path alone, without a slash, leads to the dashboard."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class SubPath:
    """The ASGI middleware; `root` is a path such as `/backups`."""

    def __init__(self, application: ASGIApp, root: str) -> None:
        self._application = application
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._root:
            await RedirectResponse(self._root + "/", status_code=308)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].startswith(self._root + "/"):
            scope = {**scope, "root_path": self._root}
        await self._application(scope, receive, send)

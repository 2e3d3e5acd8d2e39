"""The shortest way to the handlers that are asked most. In: requests; out: for some exact addresses the answer of the route's own guard and
function, called directly; everything else goes on to the application. The routes stay registered as usual (for the description of the
interface, other methods and other spellings of the address); what is saved is the framework's resolution of a request, a fifth of
an upload's time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from duplistatus.web.access import Caller, guard_of
from duplistatus.web.errors import answer_to

Handler = Callable[[Request, Caller], Awaitable[Response]]


class FastLane:
    """The ASGI middleware. `routes` are routes without parameters, whose functions take a request and its caller."""

    def __init__(self, application: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self._application = application
        self._known: dict[tuple[str, str], tuple[Callable[[Request], Awaitable[Caller]], Handler]] = {
            (method, route.path): (guard_of(route), route.endpoint) for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._known.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if known is None:
            await self._application(scope, receive, send)
            return
        guard, handler = known
        request = Request(scope, receive, send)
        try:
            response = await handler(request, await guard(request))
        except Exception as error:
            response = answer_to(request, error)
        await response(scope, receive, send)

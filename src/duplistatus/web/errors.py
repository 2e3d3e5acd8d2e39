"""What goes wrong, as answers. In: exceptions of handlers, guards, the store and the router; out: JSON `{"error", "code"}` for the API,
and for pages a redirect to sign in or a page. A sentence says what is wrong; nothing of the inside is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote_plus, urlsplit

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from duplistatus.store.database import StoreBusy, StoreUnavailable
from duplistatus.web.context import context
from duplistatus.web.security_headers import HEADERS

ErrorPage = Callable[[Request, int, str], Response]
"""Draws a page that shows a status and its sentence."""

_METHOD_NOT_ALLOWED = 405
_ROUTER = {404: ("Not found", "not_found"), _METHOD_NOT_ALLOWED: ("Method not allowed", "method_not_allowed")}
_log = structlog.get_logger()


class Refused(Exception):
    """A request that is not carried out. `error` is the sentence for the caller, `code` its name for programs, `more` further fields
    of the JSON answer. `go_to`: for pages, the path (without ROOT_PATH) that helps."""

    def __init__(
        self,
        status: int,
        error: str,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
        go_to: str | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.code = code
        self.headers = headers
        self.more = more or {}
        self.go_to = go_to


def route_path(request: Request) -> str:
    """The path without ROOT_PATH."""
    path: str = request.scope["path"]
    root: str = request.scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def is_api(request: Request) -> bool:
    """Whether a program asks: it gets JSON and no redirects. The description of the interface is a page for people."""
    path = route_path(request)
    return path in {"/api", "/metrics"} or (path.startswith("/api/") and path != "/api/docs")


def local_path(text: str | None) -> str:
    """`text` if it is a path on this site, else `/`: where to go after signing in must not lead elsewhere."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text or any(character < " " for character in text):
        return "/"
    return text


def _here(request: Request) -> str:
    """The page that is open in the browser; a part of a page names it in `HX-Current-URL`."""
    current = request.headers.get("hx-current-url")
    if current is None:
        query = request.url.query
        return quote(route_path(request)) + (f"?{query}" if query else "")
    try:
        parts = urlsplit(current)
    except ValueError:
        return "/"
    path = parts.path.removeprefix(context(request).settings.root_path) or "/"
    # A key was taken out of the request's own address, not out of this one.
    query = "&".join(part for part in parts.query.split("&") if unquote_plus(part.partition("=")[0]).strip().lower() != "api_key")
    return path + (f"?{query}" if query else "")


def _redirect(request: Request, refused: Refused, go_to: str) -> Response:
    target = context(request).settings.root_path + go_to
    if go_to == "/login" and request.method == "GET" and (here := _here(request)) != "/":
        target += f"?next={quote(local_path(here), safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=refused.status, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def _answer(request: Request, status: int, error: str, code: str, refused: Refused | None = None) -> Response:
    headers = refused.headers if refused else None
    if is_api(request):
        body = {"error": error, "code": code, **(refused.more if refused else {})}
        return JSONResponse(body, status_code=status, headers=headers)
    draw: ErrorPage | None = getattr(request.app.state, "error_page", None)
    response = draw(request, status, error) if draw else PlainTextResponse(error + "\n", status_code=status)
    response.headers.update(headers or {})
    return response


def _on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it
    if error.go_to is not None and not is_api(request):
        return _redirect(request, error, error.go_to)
    return _answer(request, error.status, error.error, error.code, error)


def _on_http(request: Request, error: Exception) -> Response:
    """The router's own: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == _METHOD_NOT_ALLOWED and is_api(request):
        # Without a body, as it was before this product: the status and `Allow` say all.
        return Response(status_code=_METHOD_NOT_ALLOWED, headers=error.headers)
    sentence, code = _ROUTER.get(error.status_code, (str(error.detail), "refused"))
    answer = _answer(request, error.status_code, sentence, code)
    answer.headers.update(error.headers or {})
    return answer


def _on_invalid(request: Request, error: Exception) -> Response:
    """Parameters that the framework could not read."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return _answer(request, 400, f"{place}: {first['msg']}", "bad_request")


def _on_unavailable(request: Request, error: Exception) -> Response:
    if isinstance(error, StoreBusy):
        answer = _answer(request, 503, "Too many writes are waiting; try again in a moment", "busy")
        answer.headers["Retry-After"] = "1"
        return answer
    _log.error("store unavailable", path=route_path(request), reason=str(error))
    answer = _answer(request, 503, "The database cannot be used at the moment; try again later", "unavailable")
    answer.headers["Retry-After"] = "5"
    return answer


def _on_defect(request: Request, error: Exception) -> Response:
    # The server logs the traceback; this says which request it was.
    _log.error("request failed", path=route_path(request), method=request.method, error=type(error).__name__)
    answer = _answer(request, 500, "Internal server error", "internal_error")
    # This answer is made outside of all middleware.
    answer.headers.update({name.decode(): value.decode() for name, value in HEADERS})
    return answer


def answer_to(request: Request, error: Exception) -> Response:
    """The answer to an exception of a handler, for those who call handlers themselves."""
    if isinstance(error, Refused):
        return _on_refused(request, error)
    return _on_unavailable(request, error) if isinstance(error, StoreUnavailable | StoreBusy) else _on_defect(request, error)


def install(application: FastAPI, error_page: ErrorPage | None = None) -> None:
    """Registers the answers; `error_page` draws those for people."""
    application.state.error_page = error_page
    application.add_exception_handler(Refused, _on_refused)
    application.add_exception_handler(HTTPException, _on_http)
    application.add_exception_handler(RequestValidationError, _on_invalid)
    application.add_exception_handler(StoreUnavailable, _on_unavailable)
    application.add_exception_handler(StoreBusy, _on_unavailable)
    application.add_exception_handler(Exception, _on_defect)

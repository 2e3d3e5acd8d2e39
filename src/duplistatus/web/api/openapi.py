"""`GET /api/openapi.json`: every route that programs may call, as OpenAPI 3.1; `GET /api/docs`: the same as a page on which to try what
reads. In: the routes of the application; out: the document, made once, and a page without a script or style of its own in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus import __version__
from duplistatus.web.access import Access, Caller, access_of, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import described

router = APIRouter(tags=["reference"])

_Reader = Annotated[Caller, guarded(Access.READ)]

WHO = {
    Access.OPEN: "Open to all.",
    Access.UPLOAD: "Open to all.",
    Access.EXTERNAL: "Open to all.",
    Access.METRICS: "For administrators; open to all with `METRICS_OPEN=1`.",
    Access.READ: "For users.",
    Access.OWN: "For users, of themselves.",
    Access.PASSWORD: "For users, of themselves.",
    Access.LOGS: "For users.",
    Access.ADMIN: "For administrators.",
}
_SIGNED_IN = frozenset(Access) - {Access.OPEN, Access.UPLOAD, Access.EXTERNAL}
_ABOUT = (
    "A session lives in the cookie `sessionId`. Whatever changes something also needs the token of `GET /api/csrf` in the header "
    '`X-CSRF-Token`. Errors are `{"error", "code"}`.'
)


@router.get("/api/openapi.json", summary="This document", responses=described("OpenAPI 3.1", "application/json"))
async def openapi(request: Request, caller: _Reader) -> Response:
    """OpenAPI 3.1."""
    state = request.app.state
    body: bytes | None = getattr(state, "openapi", None)
    if body is None:
        body = state.openapi = encode(await run_in_threadpool(document, request.app))
    return json_answer(body)


def document(application: FastAPI) -> dict[str, Any]:
    """The routes below /api and /metrics, who may call each, and the shapes of answers."""
    routes = [route for route in application.routes if isinstance(route, APIRoute) and _is_for_programs(route)]
    found = get_openapi(title="duplistatus", version=__version__, openapi_version="3.1.0", description=_ABOUT, routes=routes)
    components = found.setdefault("components", {})
    components.setdefault("schemas", {}).update(_shapes())
    components["securitySchemes"] = {"session": {"type": "apiKey", "in": "cookie", "name": "sessionId"}}
    found["servers"] = [{"url": application.state.context.settings.root_path or "/"}]
    for route in routes:
        named = access_of(route)
        for method in (route.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            operation = found["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None and named is not None:
                _say_who(operation, named[0])
    return found


def _is_for_programs(route: APIRoute) -> bool:
    return route.include_in_schema and (route.path.startswith("/api/") or route.path == "/metrics")


def _say_who(operation: dict[str, Any], access: Access) -> None:
    operation["description"] = f"{operation.get('description', '')}\n\n{WHO[access]}".strip()
    operation["x-access"] = access.value
    # What the framework would answer to unreadable parameters is answered 400 here.
    operation.get("responses", {}).pop("422", None)
    if access in _SIGNED_IN:
        operation["security"] = [{"session": []}] if access is not Access.METRICS else [{"session": []}, {}]
        refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
        operation.setdefault("responses", {}).setdefault("401", {"description": "Nobody has signed in", "content": refusal})


def _shapes() -> dict[str, Any]:
    from pydantic import BaseModel
    from pydantic.json_schema import models_json_schema

    from duplistatus.web.api import schemas

    models = [each for each in vars(schemas).values() if isinstance(each, type) and issubclass(each, schemas.Shape | schemas.Failure)]
    chosen: list[type[BaseModel]] = [each for each in models if each is not schemas.Shape]
    _, found = models_json_schema([(each, "serialization") for each in chosen], ref_template="#/components/schemas/{model}")
    shapes: dict[str, Any] = found["$defs"]
    return shapes

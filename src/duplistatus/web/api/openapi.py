"""`GET /api/openapi.json`: every route that programs may call, as OpenAPI 3.1. In: the routes of the application and the shapes of their
answers; out: the document, made when it is first asked for."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from duplistatus import __version__
from duplistatus.web.access import KEY_OPENS, Access, Caller, access_of, guarded
from duplistatus.web.answers import encode, json_answer
from duplistatus.web.api.answered import Responses

router = APIRouter(tags=["reference"])

_Reader = Annotated[Caller, guarded(Access.READ)]

_DOCUMENT: Responses = {200: {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}}

WHO = {
    Access.OPEN: "Open to all.",
    Access.PROBE: "Open to all, 60 times a minute from one address.",
    Access.UPLOAD: "Open to all, or for keys of the scope `upload` where a key is required.",
    Access.EXTERNAL: "Open to all, or for users and keys of the scope `read` where a key is required.",
    Access.METRICS: "For administrators and keys of the scope `metrics`; open to all with `METRICS_OPEN=1`.",
    Access.READ: "For users and keys of the scope `read`.",
    Access.OWN: "For users, of themselves.",
    Access.PASSWORD: "For users, of themselves.",
    Access.LOGS: "For users and keys of the scope `admin`.",
    Access.ADMIN: "For administrators and keys of the scope `admin`.",
}
_SIGNED_IN = frozenset(Access) - {Access.OPEN, Access.PROBE, Access.UPLOAD, Access.EXTERNAL}
_ABOUT = (
    "A session lives in the cookie `sessionId`. Whatever changes something also needs the token of `GET /api/csrf` in the header "
    '`X-CSRF-Token`. Programs call with a key instead, in `X-Api-Key`, as bearer token or as `?api_key=`. Errors are `{"error", "code"}`.'
)


@router.get("/api/openapi.json", summary="This document", responses=_DOCUMENT)
async def openapi(request: Request, caller: _Reader) -> Response:
    """OpenAPI 3.1."""
    return json_answer(encode(await run_in_threadpool(document_of, request.app)))


def document_of(application: FastAPI) -> dict[str, Any]:
    """The document of an application, made once."""
    found: dict[str, Any] | None = getattr(application.state, "openapi", None)
    if found is None:
        found = application.state.openapi = document(application)
    return found


def document(application: FastAPI) -> dict[str, Any]:
    """The routes below /api and /metrics, who may call each, and the shapes of answers."""
    routes = [route for route in iter_route_contexts(application.routes) if _is_for_programs(route.path or "")]
    found = get_openapi(title="duplistatus", version=__version__, openapi_version="3.1.0", description=_ABOUT, routes=routes)
    components = found.setdefault("components", {})
    components.setdefault("schemas", {}).update(_shapes())
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionId"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
    found["servers"] = [{"url": application.state.context.settings.root_path or "/"}]
    for route in routes:
        guard = access_of(route)
        for method in route.methods or ():
            operation = found["paths"].get(_format(route.path or ""), {}).get(method.lower())
            if operation is not None and guard is not None:
                _say_who(operation, route.name or "", guard[0])
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    return found


def _is_for_programs(path: str) -> bool:
    return path.startswith("/api/") or path == "/metrics"


def _format(path: str) -> str:
    """A path as the document writes it: `{server:path}` is `{server}`."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _say_who(operation: dict[str, Any], name: str, access: Access) -> None:
    operation["description"] = f"{operation.get('description', '')}\n\n{WHO[access]}".strip()
    operation["x-access"] = access.value
    operation["operationId"] = name
    # What the framework would answer to unreadable parameters is answered 400 here.
    operation.get("responses", {}).pop("422", None)
    ways: list[dict[str, Any]] = [{"session": []}] if access in _SIGNED_IN else [{}]
    if access in KEY_OPENS:
        ways.append({"key": []})
    if access is Access.METRICS:
        ways.append({})
    if ways != [{}]:
        operation["security"] = ways
    responses = operation.setdefault("responses", {})
    for status, sentence in _refusals(operation, access).items():
        responses.setdefault(status, {"description": sentence, "content": _FAILURE})


_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def _refusals(operation: dict[str, Any], access: Access) -> dict[str, str]:
    """What the guard, and the reading of parameters and bodies, may answer whatever the route does."""
    found = {"400": "The address, a parameter or the body cannot be read", "403": _NOT_ALLOWED[access in _SIGNED_IN]}
    if access in KEY_OPENS or access in _SIGNED_IN:
        found["401"] = "Nobody has signed in, or the key is not valid"
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        found["404"] = "There is nothing of that name"
    if access is Access.PROBE:
        found["429"] = "Asked too often"
    if "requestBody" in operation:
        found |= {"408": "The body did not arrive in time", "413": "The body is too large"}
    return found | {"503": "The database cannot be used at the moment"}


_NOT_ALLOWED = {
    True: "Not allowed to this caller or from this address, or the change lacks the token of the session",
    False: "Not open to this address or key, or the change lacks the token of the session",
}


def _shapes() -> dict[str, Any]:
    from pydantic import BaseModel
    from pydantic.json_schema import models_json_schema

    from duplistatus.web.api import (
        access_schemas,
        account_schemas,
        audit_schemas,
        channel_schemas,
        collection_schemas,
        explain_schemas,
        job_schemas,
        live_schemas,
        message_schemas,
        schemas,
        secret_schemas,
        server_schemas,
        silence_schemas,
        summary_schemas,
        task_schemas,
        telling_schemas,
        template_schemas,
        version_schemas,
        watching_schemas,
    )

    modules = (
        account_schemas,
        schemas,
        job_schemas,
        access_schemas,
        audit_schemas,
        channel_schemas,
        collection_schemas,
        explain_schemas,
        live_schemas,
        message_schemas,
        secret_schemas,
        server_schemas,
        silence_schemas,
        summary_schemas,
        task_schemas,
        telling_schemas,
        template_schemas,
        version_schemas,
        watching_schemas,
    )
    named = dict.fromkeys(each for module in modules for each in vars(module).values() if isinstance(each, type))
    models = [each for each in named if issubclass(each, schemas.Shape | schemas.Failure)]
    chosen: list[type[BaseModel]] = [each for each in models if each is not schemas.Shape]
    _, found = models_json_schema([(each, "serialization") for each in chosen], ref_template="#/components/schemas/{model}")
    shapes: dict[str, Any] = found["$defs"]
    return shapes

"""The fuzz target for the interface of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.responses import JSONResponse, Response

from duplistatus.app import build
from duplistatus.web.access import Access, Caller, guarded
from tests.fuzz import fuzz_api
from tests.web.hidden import HIDDEN

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from fastapi import FastAPI


def test_a_short_run_finds_nothing_wrong_with_any_route_and_caller(data_dir: Path) -> None:
    findings = fuzz_api.run(data_dir, examples=2, number=1)
    assert findings.wrong == {}
    assert len(findings.operations) > 100
    assert {200, 400, 401, 403, 404} <= set(findings.statuses)
    assert findings.statuses[200] > 300


def test_a_route_that_breaks_says_too_much_or_lets_others_in_is_found(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_broken(*arguments: object) -> FastAPI:
        application = build(*arguments)  # type: ignore[arg-type]

        @application.get("/api/broken", summary="Breaks")
        async def breaks(_: Annotated[Caller, guarded(Access.READ)]) -> None:
            raise RuntimeError

        @application.put("/api/broken", summary="Says too much")
        async def talkative(_: Annotated[Caller, guarded(Access.READ)]) -> Response:
            return JSONResponse({"error": "sqlite3.OperationalError"}, 418)

        @application.delete("/api/broken", summary="Tells of everything")
        async def open_to_all(_: Annotated[Caller, guarded(Access.OPEN)]) -> Response:
            return JSONResponse({"servers": [HIDDEN]})

        return application

    monkeypatch.setattr(fuzz_api, "build", build_broken)
    found = set(fuzz_api.run(data_dir, examples=1, number=1, only="/api/broken").wrong)
    assert {
        "GET /api/broken: 500",
        "GET /api/broken: UndefinedStatusCode 500",
        "PUT /api/broken tells of the inside",
        "PUT /api/broken: UndefinedStatusCode 418",
        "DELETE /api/broken by limited user tells of what is hidden",
    } <= found

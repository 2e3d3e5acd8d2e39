"""The fuzz target for pages and their forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from duplistatus.app import build
from duplistatus.web.access import Access, Caller, guarded
from tests.fuzz import fuzz_pages

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from fastapi import FastAPI


def test_a_short_run_breaks_no_page_and_no_form(data_dir: Path) -> None:
    findings = fuzz_pages.run(data_dir, values=1, number=1)
    assert findings.wrong == {}
    assert len(findings.pages) > 35
    assert len(findings.forms) > 30
    assert findings.statuses[200] > 100


def test_a_form_that_breaks_or_leads_elsewhere_is_found(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_broken(*arguments: object) -> FastAPI:
        application = build(*arguments)  # type: ignore[arg-type]

        @application.get("/broken")
        async def shows(_: Annotated[Caller, guarded(Access.READ)]) -> Response:
            return HTMLResponse("<form method=post action=/broken><input name=a value=x><button>Go</button></form>")

        @application.post("/broken")
        async def breaks(request: Request, _: Annotated[Caller, guarded(Access.ADMIN)]) -> Response:
            value = str((await request.form()).get("a"))
            if value.startswith("<script"):
                raise RuntimeError
            return RedirectResponse("/" + value, status_code=303)

        return application

    monkeypatch.setattr(fuzz_pages, "build", build_broken)
    monkeypatch.setattr(fuzz_pages.Fuzz, "pages", lambda _: ["/broken"])
    found = fuzz_pages.run(data_dir, values=len(fuzz_pages.NASTY), number=1).wrong
    assert "/broken a: 500" in found
    assert any(what.startswith("/broken a leads to '///evil.test") for what in found)

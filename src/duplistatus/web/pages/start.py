"""The first-run page: what to enter in Duplicati so that it reports here. In: the address under which the request came, or the public one
of the settings; out: HTML with the options of each generation of Duplicati, each only with those that it knows, for an option that it
does not know is a warning in every run. The page notices the first report by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.pages.fleet_cache import fleet_now
from duplistatus.web.pages.rendering import page
from duplistatus.web.reached_at import reached_at

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of Duplicati."""

    name: str
    value: str

    @property
    def as_text(self) -> str:
        """A line of the editor of options as text."""
        return f"--{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Generation:
    """Versions of Duplicati that know the same options; `live` are those that also report while a backup runs."""

    id: str
    options: tuple[Option, ...]
    live: tuple[Option, ...] = ()

    @property
    def as_text(self) -> str:
        return "\n".join(option.as_text for option in self.options)


def generations(upload: str) -> tuple[Generation, ...]:
    """The generations, newest first. `upload`: the address that reports are posted to."""
    log = (Option("send-http-log-level", "Information"), Option("send-http-max-log-lines", "0"))
    json_url = (Option("send-http-json-urls", upload), *log)
    return (
        Generation("g23", json_url, (Option("http-report-status-url", upload),)),
        Generation("g21", json_url),
        Generation("g20", (Option("send-http-url", upload), Option("send-http-result-output-format", "Json"), *log)),
    )


def start_page(request: Request, caller: Caller) -> Response:
    fleet = fleet_now(request)
    base = reached_at(request)
    first = min(
        ((server.row, job.row) for server in fleet.view.servers for job in server.jobs if job.row.last_uid),
        key=lambda each: each[1].created_at,
        default=None,
    )
    is_local = base.partition("://")[2].partition("/")[0].rpartition(":")[0] in {"localhost", "127.0.0.1", "[::1]"}
    return page(request, "start.html", caller, generations=generations(f"{base}/api/upload"), first=first, is_local=is_local)


@router.get("/start")
async def show_start(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
    """The page, also for further servers."""
    return start_page(request, caller)

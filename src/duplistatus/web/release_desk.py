"""Duplicati's releases, as somebody looks at them, has them fetched and sets when they are. In: a request whose caller was let in; out: the
newest of each channel, the servers that the caller sees against them, what was changed, with its entry in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import httpx2
from starlette.requests import Request

from duplistatus.clock import Instant
from duplistatus.evaluate.server_release import (
    FetchPlan,
    Newest,
    ServerRelease,
    Standing,
    changed_plan,
    newest_of,
    plan_fields,
    server_release,
)
from duplistatus.evaluate.task_times import DUPLICATI_RELEASES, following
from duplistatus.store import audit, fleet
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.fleet import ServerRow
from duplistatus.store.releases import ReleaseList, fetch_plan, release_list, save_fetch_plan
from duplistatus.store.tasks import Ran, task_states
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.scheduling import run_task
from duplistatus.web.sessions import user_agent

_ORDER = tuple(Standing)
_OUTDATED_FIRST = {Standing.OUTDATED: 0, Standing.UNKNOWN: 1}


@dataclass(frozen=True, slots=True)
class ReleaseDesk:
    """`place`: host of the list, empty where none is ever fetched; `next_at`: None where it is not fetched by time; `stopped`: it would be,
    but its task is stopped; `servers`: those that are outdated first."""

    newest: Newest
    list: ReleaseList
    plan: FetchPlan
    zone: str
    place: str
    next_at: Instant | None
    stopped: bool
    servers: tuple[tuple[ServerRow, ServerRelease], ...]

    @property
    def outdated(self) -> int:
        """How many servers are."""
        return sum(release.standing is Standing.OUTDATED for _, release in self.servers)


def desk_of(request: Request) -> ReleaseDesk:
    """Everything as it is now."""
    parts = context(request)
    address, zone = parts.settings.releases_url, ZoneInfo(parts.settings.time_zone)
    with parts.database.snapshot() as connection:
        found, plan = release_list(connection), fetch_plan(connection)
        state = task_states(connection).get(DUPLICATI_RELEASES)
        servers = fleet.servers(connection)
    newest = newest_of(found.known)
    listed = [(each, server_release(each.version, each.update_channel, newest)) for each in servers]
    listed.sort(key=lambda line: (_OUTDATED_FIRST.get(line[1].standing, 2), line[0].label.casefold(), line[0].key))
    rhythm = plan.rhythm(zone) if address is not None else None
    stopped = rhythm is not None and state is not None and not state.enabled
    return ReleaseDesk(
        newest,
        found,
        plan,
        zone.key,
        _host(address) if address is not None else "",
        following(rhythm, parts.clock.now()) if rhythm is not None and not stopped else None,
        stopped,
        tuple(listed),
    )


async def change_plan(request: Request, caller: Caller, fields: Mapping[str, object]) -> FetchPlan:
    """Sets when the list is fetched. Raises PlanError."""
    parts = context(request)

    def work(connection: Connection) -> FetchPlan:
        before = fetch_plan(connection)
        after = changed_plan(before, fields)
        if after != before:
            save_fetch_plan(connection, after)
            details = differences(plan_fields(before), plan_fields(after))
            entry = Entry(
                parts.clock.now(),
                "duplicati_version_check_updated",
                "config",
                caller.user,
                details=details,
                address=caller.address,
                user_agent=user_agent(request),
            )
            audit.record(connection, entry)
        return after

    return await parts.writer.write(work)


async def update(request: Request, caller: Caller) -> Ran:
    """Fetches the list now. Raises Refused where another process does, or the environment forbids it."""
    if context(request).settings.releases_url is None:
        raise Refused(409, "DUPLISTATUS_RELEASES_URL says that no list is fetched", "set_by_environment")
    return await run_task(request, caller, DUPLICATI_RELEASES)


def _host(address: str) -> str:
    return httpx2.URL(address.replace("{channel}", "stable")).host

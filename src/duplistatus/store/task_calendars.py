"""When the tasks run whose moments people choose. In: a connection and the zone of the product; out: the rhythms of those that are on, by
the names of the tasks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from duplistatus.clock import MINUTE
from duplistatus.evaluate.task_times import DUPLICATI_RELEASES, SERVER_COLLECTION, Every, Rhythm
from duplistatus.store.database import Connection
from duplistatus.store.releases import fetch_plan
from duplistatus.store.summary_settings import summary_calendars
from duplistatus.store.timers import has_timers


def calendars_of(connection: Connection, zone: ZoneInfo, *, may_fetch: bool) -> dict[str, Rhythm]:
    """`may_fetch`: whether there is an address from which releases are fetched."""
    found: dict[str, Rhythm] = {**summary_calendars(connection, zone.key)}
    releases = fetch_plan(connection).rhythm(zone) if may_fetch else None
    if releases is not None:
        found[DUPLICATI_RELEASES] = releases
    if has_timers(connection):
        found[SERVER_COLLECTION] = Every(MINUTE)
    return found

"""What is known of Duplicati's releases, and when the list of them is fetched, in the settings of the product: two texts of JSON. In: a
connection; out: frozen values. What a fetch brought stays until another one brings something newer; what cannot be read counts as
not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from duplistatus.clock import Instant
from duplistatus.evaluate.server_release import FetchPlan, Known, Newest, PlanError, changed_plan, newest_of, plan_fields
from duplistatus.report.releases import Release, read_channel, read_release, read_version
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

_LIST = "duplicati_releases"
_PLAN = "duplicati_release_plan"

_READ = Statement(select(setting.c.value).where(setting.c.key == bindparam("of")))
_SET = Statement(update(setting).where(setting.c.key == bindparam("of")).values(value=bindparam("new")))
_ADD = Statement(insert(setting).values(key=bindparam("of"), value=bindparam("new")))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the newest try brought less than all; `reason`: a value of `ingest.releases.Reason`, the others as `Failure` there."""

    reason: str
    place: str = ""
    status: int = 0
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class ReleaseList:
    """`known`: of each channel that a list told of; `tried_at`: the newest try, `fetched_at` the newest that brought all it asked for;
    `tags`: entity tags of lists, by address."""

    known: tuple[Known, ...] = ()
    tried_at: Instant | None = None
    fetched_at: Instant | None = None
    trouble: Trouble | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def release_list(connection: Connection) -> ReleaseList:
    """As it was kept last."""
    try:
        return _list(json.loads(connection.value(_READ, {"of": _LIST}) or "{}"))
    except (ValueError, TypeError, AttributeError, KeyError):
        return ReleaseList()


def save_release_list(connection: Connection, found: ReleaseList) -> None:
    body = {
        "known": [
            {"channel": each.channel, "number": each.release.number, "name": each.release.name, "at": each.fetched_at}
            | {"published_on": each.release.channel}
            for each in found.known
        ],
        "tried_at": found.tried_at,
        "fetched_at": found.fetched_at,
        "trouble": asdict(found.trouble) if found.trouble else None,
        "tags": dict(found.tags),
    }
    _save(connection, _LIST, body)


def newest_releases(connection: Connection) -> Newest:
    """The newest release of each channel."""
    return newest_of(release_list(connection).known)


def fetch_plan(connection: Connection) -> FetchPlan:
    """When the list is fetched."""
    try:
        return changed_plan(FetchPlan(), json.loads(connection.value(_READ, {"of": _PLAN}) or "{}"))
    except (PlanError, ValueError, AttributeError):
        return FetchPlan()


def save_fetch_plan(connection: Connection, plan: FetchPlan) -> None:
    _save(connection, _PLAN, plan_fields(plan))


def _save(connection: Connection, key: str, body: Mapping[str, Any]) -> None:
    values = {"of": key, "new": json.dumps(body, ensure_ascii=False)}
    if not connection.run(_SET, values).rowcount:
        connection.run(_ADD, values)


def _list(body: Mapping[str, Any]) -> ReleaseList:
    trouble = body.get("trouble")
    return ReleaseList(
        tuple(found for each in body.get("known", ()) if (found := _known(each)) is not None),
        _at(body.get("tried_at")),
        _at(body.get("fetched_at")),
        Trouble(str(trouble["reason"]), str(trouble["place"]), int(trouble["status"]), _at(trouble["until"])) if trouble else None,
        {str(url): str(tag) for url, tag in body.get("tags", {}).items()},
    )


def _known(each: Mapping[str, Any]) -> Known | None:
    channel, published = read_channel(each["channel"]), read_channel(each["published_on"])
    number = read_version(each["number"])
    if channel is None or published is None or number is None:
        return None
    return Known(channel, read_release(each["name"]) or Release(number, published), _at(each["at"]))


def _at(value: object) -> Instant | None:
    return Instant(value) if type(value) is int else None

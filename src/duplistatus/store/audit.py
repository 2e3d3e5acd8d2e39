"""The audit log as it is written. In: what somebody did, as a frozen entry; out: a row of `audit`, written in the transaction of the deed
itself, and removed again when its time is over. Every text is bounded and holds no control characters, so that no name or program can
break a line, a table or a page; failures that repeat are one row that counts them, so that guessing fills no disk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from duplistatus.clock import HOUR, Instant
from duplistatus.store.account_tables import audit, setting
from duplistatus.store.accounts import User
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

Category = Literal["auth", "backup", "config", "server", "system", "user"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `details` never hold secrets; `username` may name an account that does not exist (a failed sign-in)."""

    at: Instant
    action: str
    category: Category
    user: User | None = None
    username: str = ""
    target_type: str | None = None
    target_id: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    address: str = ""
    user_agent: str = ""
    status: Literal["success", "failure", "error"] = "success"
    error: str | None = None


KEPT_DAYS = 90
LEAST_DAYS = 30
MOST_DAYS = 365
"""Days that entries are kept, where nobody set another number, and its limits."""

REPEATS_WITHIN = HOUR
MOST_OF_ADDRESS = 50
MOST_FAILURES = 500
"""Failures of one action that are told apart within that time, of one address and of all; those beyond are one entry."""
CROWD: Mapping[str, object] = {"reason": "too many to tell apart"}
"""Details of the entry that counts them."""

LONGEST_TEXT = 500
"""Characters of a text in an entry or its details; longer ones are cut off."""
LONGEST_DETAILS = 16_000
_MOST_ITEMS = 100
_DEEPEST = 6
_ADDRESS, _AGENT, _NAME, _ERROR = 100, 300, 100, 1_000

# Control characters, separators of lines, what turns the direction of text, and halves of characters.
_IN_TEXTS = 2
"""How deep the values of `before` and `after` lie."""
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Names of details whose value must not be kept, whoever put it there.
_SECRET = re.compile(r"password|passphrase|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
_REDACTED = "[REDACTED]"

_INSERT = Statement(insert(audit).values({c.name: bindparam(c.name) for c in audit.c if c.name not in {"id", "times", "last_at"}}))
_LATELY = (audit.c.action == bindparam("action_of"), audit.c.status == bindparam("status_of"), audit.c.at > bindparam("since"))
_SAME = tuple(audit.c[name] == bindparam(f"{name}_of") for name in ("username", "address", "details"))
_REPEATED = Statement(
    update(audit)
    .where(audit.c.id == select(func.max(audit.c.id)).where(*_LATELY, *_SAME).scalar_subquery())
    .values(times=audit.c.times + 1, last_at=bindparam("now"))
)
_FAILURES = Statement(
    select(func.count(), func.sum(case((audit.c.address == bindparam("address_of"), 1), else_=0))).select_from(audit).where(*_LATELY)
)
_OLDEST = select(audit.c.id).where(audit.c.at < bindparam("before")).order_by(audit.c.at).limit(bindparam("most"))
_PRUNE = Statement(delete(audit).where(audit.c.id.in_(_OLDEST)))
_RETENTION = Statement(select(setting.c.value).where(setting.c.key == "audit_retention_days"))
_SET_RETENTION = Statement(update(setting).where(setting.c.key == "audit_retention_days").values(value=bindparam("value_new")))
_ADD_RETENTION = Statement(insert(setting).values(key="audit_retention_days", value=bindparam("value_new")))


def record(connection: Connection, entry: Entry) -> None:
    """Writes the entry. A failed sign-in, or change of a password, that is like another by the same name from the same address within
    an hour is counted in its row. Where many are not alike, those of one address become one row without a name, and those of all
    addresses one row without an address."""
    values = _row(entry)
    if entry.category == "auth" and entry.status == "failure" and _is_counted(connection, entry, values):
        return
    connection.run(_INSERT, values)


def _is_counted(connection: Connection, entry: Entry, values: dict[str, Any]) -> bool:
    """Whether a row there is counts the failure; else `values` are those of the row to be written."""
    if _counted(connection, values):
        return True
    row = connection.row(_FAILURES, _lately(values) | {"address_of": values["address"]})
    of_all, of_address = (int(row[0]), int(row[1] or 0)) if row else (0, 0)
    if of_all < MOST_FAILURES and of_address < MOST_OF_ADDRESS:
        return False
    crowd = replace(entry, user=None, username="", details=CROWD, user_agent="", error=None)
    values |= _row(crowd if of_all < MOST_FAILURES else replace(crowd, address=""))
    return _counted(connection, values)


def _lately(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"action_of": values["action"], "status_of": values["status"], "since": values["at"] - REPEATS_WITHIN}


def _counted(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Whether there is such a row, which counts one more now."""
    same = {f"{name}_of": values[name] for name in ("username", "address", "details")}
    return bool(connection.run(_REPEATED, _lately(values) | same | {"now": values["at"]}).rowcount)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "user_id": entry.user.id if entry.user else None,
        "username": plain(entry.username or (entry.user.username if entry.user else ""), _NAME),
        "action": entry.action,
        "category": entry.category,
        "target_type": entry.target_type,
        "target_id": None if entry.target_id is None else plain(entry.target_id),
        "details": _details(entry.details) if entry.details else None,
        "address": plain(entry.address, _ADDRESS),
        "user_agent": plain(entry.user_agent, _AGENT),
        "status": entry.status,
        "error": None if entry.error is None else plain(entry.error, _ERROR),
    }


def plain(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text on one line, of at most so many characters; what would break a line or turn its direction is shown as `�`."""
    return _BREAKING.sub("�", _shortened(text, longest))


def _shortened(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _details(details: Mapping[str, object]) -> str:
    """The details as JSON. Where they are too long only their single values are left."""
    text = json.dumps(_fitting(details), ensure_ascii=False)
    if len(text) > LONGEST_DETAILS:
        single = {name: value for name, value in list(details.items())[:_MOST_ITEMS] if not isinstance(value, Mapping | list | tuple)}
        text = json.dumps({**dict(_pairs(single, 0)), "shortened": True}, ensure_ascii=False)[:LONGEST_DETAILS]
    return text


def _fitting(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        # A template or a message is a text of several lines; in JSON they break nothing.
        return "\n".join(plain(line) for line in _shortened(value).split("\n")) if depth >= _IN_TEXTS else plain(value)
    if isinstance(value, Mapping):
        return dict(_pairs(value, depth)) if depth < _DEEPEST else "…"
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else list(value)
        return [_fitting(item, depth + 1) for item in items[:_MOST_ITEMS]] if depth < _DEEPEST else "…"
    return value


def _pairs(details: Mapping[Any, object], depth: int) -> list[tuple[str, object]]:
    pairs = []
    for name, value in list(details.items())[:_MOST_ITEMS]:
        is_secret = isinstance(value, str) and value != "" and _SECRET.search(str(name)) is not None
        pairs.append((plain(str(name)), _REDACTED if is_secret else _fitting(value, depth + 1)))
    return pairs


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """`before` and `after` of the fields that are not the same, for the details of an entry."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {"before": {name: before.get(name) for name in names}, "after": {name: after.get(name) for name in names}}


def prune(connection: Connection, before: Instant, most: int) -> int:
    """Removes at most `most` of the entries older than that moment, the oldest first; how many there were."""
    removed: int = connection.run(_PRUNE, {"before": before, "most": most}).rowcount
    return removed


def retention_days(connection: Connection) -> int:
    """For how many days entries are kept."""
    text = connection.value(_RETENTION)
    try:
        days = int(text) if text is not None else KEPT_DAYS
    except ValueError:
        days = KEPT_DAYS
    return min(max(days, LEAST_DAYS), MOST_DAYS)


def set_retention_days(connection: Connection, days: int) -> None:
    """Keeps entries for so many days from now on."""
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise ValueError(f"Retention days must be between {LEAST_DAYS} and {MOST_DAYS}")
    values = {"value_new": str(days)}
    if not connection.run(_SET_RETENTION, values).rowcount:
        connection.run(_ADD_RETENTION, values)

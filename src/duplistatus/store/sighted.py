"""A database as somebody sees it who sees only some servers. In: a database and a sight; out: the same calls, whose answers hold nothing of
other servers. Each question is asked of the visible part of its tables, so that no list, sum or look-up can tell more, whoever wrote it:
what is hidden is not there. Reading alone; a table of which nothing is said here cannot be asked at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from duplistatus.store.all_tables import metadata
from duplistatus.store.database import Connection, Database
from duplistatus.store.link_tables import server_link
from duplistatus.store.sight import Sight
from duplistatus.store.statement import Params, Statement
from duplistatus.store.tables import fleet_day
from duplistatus.store.tell_tables import channel

_SEEN = "{servers}"
"""Stands for the numbers of the servers."""
_REAL = "{real}"
"""Stands before the name of a table where the table itself is meant. SQLite would take its bare name for the visible part; PostgreSQL does
not, as long as the part is not defined further up."""
_WITHOUT_TOPIC = "{without_topic}"
"""Stands for the settings of a channel without its topic."""
_DIALECTS = {
    "sqlite": {_REAL: "main.", _WITHOUT_TOPIC: "json_remove(whole.config, '$.topic')"},
    "postgresql": {_REAL: "", _WITHOUT_TOPIC: "CAST(CAST(whole.config AS jsonb) - 'topic' AS text)"},
}

_OF_SERVER = "whole.server_id IN ({servers})"
_OF_JOB = "EXISTS (SELECT 1 FROM {real}job AS of_job WHERE of_job.id = whole.job_id AND of_job.server_id IN ({servers}))"
_TAGGED = "EXISTS (SELECT 1 FROM {real}server_tag AS of_tag WHERE of_tag.tag_id = whole.%s AND of_tag.server_id IN ({servers}))"
_NOTHING = "1 = 0"


def _part(columns: str, source: str, condition: str) -> str:
    return f"SELECT {columns} FROM {source} WHERE {condition}"  # noqa: S608 - of constants of this module, no value from outside


def _rows(table: str, condition: str) -> str:
    return _part("*", f"{_REAL}{table} AS whole", condition)


def _fleet_days() -> str:
    """The sums over the jobs that are seen, in the columns of the table that has those over all."""
    sums = (f"CAST(SUM(whole.{each.name}) AS BIGINT) AS {each.name}" for each in fleet_day.c if each.name != "date")
    columns = ", ".join(("whole.date AS date", *sums))
    # From the jobs to their days: with a first day asked for, older ones are not read.
    days = f"{_REAL}job AS of_job JOIN {_REAL}day AS whole ON whole.job_id = of_job.id"
    return _part(columns, days, f"of_job.server_id IN ({_SEEN}) GROUP BY whole.date")


def _channels() -> str:
    """The two channels for all jobs. The topic of ntfy is as good as a password: who has it reads the messages of all servers."""
    plain = f"CASE whole.key WHEN 'ntfy' THEN {_WITHOUT_TOPIC} ELSE whole.config END AS config"
    columns = ", ".join(plain if each.name == "config" else f"whole.{each.name}" for each in channel.c)
    return _part(columns, f"{_REAL}channel AS whole", "whole.key IS NOT NULL")


def _links() -> str:
    """How servers are reached. What is wrong can name other servers."""
    plain = "CASE WHEN whole.trouble IN ('other_server', 'which') THEN '{}' ELSE whole.trouble_facts END AS trouble_facts"
    columns = ", ".join(plain if each.name == "trouble_facts" else f"whole.{each.name}" for each in server_link.c)
    return _part(columns, f"{_REAL}server_link AS whole", _OF_SERVER)


PARTS: dict[str, str] = {
    "run_log": _rows(
        "run_log",
        "EXISTS (SELECT 1 FROM {real}run AS of_run JOIN {real}job AS of_job ON of_job.id = of_run.job_id"
        " WHERE of_run.id = whole.run_id AND of_job.server_id IN ({servers}))",
    ),
    "raw_report": _rows("raw_report", _OF_JOB),
    "rejected_report": _rows("rejected_report", _NOTHING),
    "run": _rows("run", _OF_JOB),
    "fleet_day": _fleet_days(),
    "day": _rows("day", _OF_JOB),
    "activity": _rows("activity", _OF_JOB),
    "change": _rows("change", _OF_JOB),
    "job_setting": _rows("job_setting", _OF_JOB),
    "acknowledgement": _rows("acknowledgement", _OF_JOB),
    "reminder": _rows("reminder", _OF_JOB),
    "snooze": _rows("snooze", f"({_OF_SERVER} OR {_OF_JOB})"),
    "maintenance": _rows("maintenance", f"({_OF_SERVER} OR {_TAGGED % 'tag_id'} OR whole.scope = 'all')"),
    "tag": _rows("tag", _TAGGED % "id"),
    "server_tag": _rows("server_tag", _OF_SERVER),
    "outbox": _rows("outbox", _NOTHING),
    "notice": _rows("notice", _NOTHING),
    "channel": _channels(),
    "collection": _rows("collection", _NOTHING),
    "collection_part": _rows("collection_part", _NOTHING),
    "https_host": _rows("https_host", _NOTHING),
    "being_asked": _rows("being_asked", _NOTHING),
    "server_link": _links(),
    "api_job": _rows("api_job", _OF_SERVER),
    "origin": _rows("origin", _OF_SERVER),
    "job": _rows("job", _OF_SERVER),
    # A server that was recognised as another one is known by its former id too.
    "server": _rows("server", "COALESCE(whole.adopted_by, whole.id) IN ({servers})"),
}
"""What is seen of each table. None asks another one that stands above it."""

OPEN = frozenset({"user", "user_server", "session", "known_device", "api_key", "login_failure", "audit", "setting", "task_state", "lease"})
"""Tables that say nothing of servers, or whose readers say by themselves who sees what: people, programs, the product's own settings."""


class SightedConnection(Connection):
    """A reader that sees some servers."""

    __slots__ = ("_sight",)

    def __init__(self, raw: Any, dialect: str, sight: Sight) -> None:  # noqa: ANN401 - the two drivers have no type in common
        super().__init__(raw, dialect)
        self._sight = sight

    def run(self, statement: Statement, params: Params | None = None) -> Any:  # noqa: ANN401 - as the driver answers
        """Runs a question. Raises ValueError for anything else."""
        text, arguments = statement.prepared(self.dialect)
        return self.raw.execute(seen(text, self.dialect, self._sight), arguments(params or {}))

    def run_many(self, statement: Statement, params: object) -> None:
        """Of a reader only changes would be asked so."""
        raise ValueError("who sees some servers alone changes nothing")


class SightedDatabase(Database):
    """Lends the readers of a database for reading some servers."""

    def __init__(self, whole: Database, sight: Sight) -> None:
        super().__init__(whole.file, whole.url)
        self._whole = whole
        self._sight = sight

    def connect(self) -> Connection:
        """Connections that may do everything are not to be had here."""
        raise ValueError("who sees some servers alone reads through `read`")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reader, as of the whole database."""
        with self._whole.read() as connection:
            yield SightedConnection(connection.raw, connection.dialect, self._sight)


def seen(text: str, dialect: str, sight: Sight) -> str:
    """A question, asked of the part of its tables that is seen. Raises ValueError where it is none, or where nothing is said of a table."""
    if sight.servers is None:
        return text
    tables = _tables_of(text)
    if not tables:
        return text
    words = ", ".join(f"{name} AS NOT MATERIALIZED ({PARTS[name]})" for name in tables)
    for sign, word in {**_DIALECTS[dialect], _SEEN: ", ".join(map(str, sorted(sight.servers))) or "NULL"}.items():
        words = words.replace(sign, word)
    return f"WITH {words} {text}"


@lru_cache(maxsize=1024)
def _tables_of(text: str) -> tuple[str, ...]:
    """The tables of which only a part is seen. A column of the same name counts too, which costs nothing."""
    if not text.lstrip("(").startswith("SELECT"):
        raise ValueError("who sees some servers alone only reads")
    named = {name for name in metadata.tables if re.search(rf"\b{name}\b", text)}
    if unknown := named - PARTS.keys() - OPEN:
        raise ValueError(f"nothing is said of who sees {', '.join(sorted(unknown))}")
    return tuple(name for name in PARTS if name in named)

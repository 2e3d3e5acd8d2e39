"""Answers that no Duplicati gives: recorded ones, changed at random places. In: what hypothesis draws; out: the same JSON with other
values, names and lengths; and collections of it, each of which must leave everything in order."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from duplistatus.clock import SetClock
from duplistatus.ingest.duplicati.collecting import Collected, Wanted
from duplistatus.ingest.duplicati.trouble import Trouble
from duplistatus.store.all_tables import metadata
from duplistatus.store.compression import unpack
from duplistatus.store.database import Database
from duplistatus.store.summaries import rebuild_all
from tests.fixtures.engines import place
from tests.ingest.duplicati.collector import Collector, collecting
from tests.store.telling import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.ingest.duplicati.stand_in import Duplicati

EVERYTHING = Wanted(keeps_document=True)
PASSWORD = "pa55word-of-the-server"
KEY = "k3y-of-the-bucket"
PASSPHRASE = "pa55phrase-of-the-backup"

_ZSTD = b"\x28\xb5\x2f\xfd"
LONG = "ü<b>" * 50_000
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "<script>alert(1)</script>",
        "a\u0000b",
        "line\r\nSet-Cookie: a=b\u202e\u2028",
        "../../auth/login",
        "1/log?x=",
        "'; DROP TABLE run; --",
        "\ud800",
        "\U0001f600" * 30,
        LONG,
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-14:00",
        "99991231T235959Z",
        "00010101T000000Z",
        "-P1D",
        "999999999D",
        "10675199.02:48:05.4775807",
        "-10675199.02:48:05.4775808",
        "Mon",
        "NaN",
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64, 10**30, 1.5, -0.0, 1e308])
ODD = st.one_of(
    st.none(), st.booleans(), NUMBERS, TEXTS, st.just([]), st.just({}), st.just([[[]]]), st.just({"Name": []}), st.just([None, 7])
)


def with_secrets(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Jobs with what versions of Duplicati tell of how destinations are opened."""
    made = deepcopy(jobs)
    for each in made:
        url = f"s3://bucket/folder?auth-username=me&auth-password={KEY}"
        each["Backup"] |= {
            "TargetURL": url,
            "AdditionalTargetURLs": [{"TargetURL": f"ftp://me:{KEY}@host"}, url],
            "Settings": [{"Filter": "", "Name": "passphrase", "Value": PASSPHRASE, "Argument": None}],
            "Filters": [{"Expression": PASSPHRASE}],
        }
    return made


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in JSON."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


@st.composite
def changed(draw: st.DrawFn, answer: Any) -> Any:
    """The answer with other values at one to four places; some are left out, some are there twice."""
    made = deepcopy(answer)
    for _ in range(draw(st.integers(1, 4))):
        where = draw(st.sampled_from(list(places(made))))
        if not where:
            if draw(st.booleans()):
                return draw(ODD)
            continue
        *around, last = where
        holder = made
        for step in around:
            holder = holder[step]
        what = draw(st.sampled_from(["other", "other", "other", "gone", "twice"]))
        if what == "other":
            # A shape that is drawn twice must not come to hold itself.
            holder[last] = deepcopy(draw(ODD))
        elif what == "gone":
            del holder[last]
        elif isinstance(holder, list):
            holder.insert(last, deepcopy(holder[last]))
    return made


@st.composite
def changed_log(draw: st.DrawFn, log: list[dict[str, Any]]) -> Any:
    """The same of a log, or of the results that stand in its rows as texts."""
    if draw(st.booleans()):
        return draw(changed(log))
    rows = deepcopy(log)
    row = draw(st.sampled_from(rows))
    message = json.dumps(draw(changed(json.loads(row["Message"]))))
    row["Message"] = message[: draw(st.integers(0, len(message)))] if draw(st.integers(0, 9)) == 0 else message
    return rows


def as_json(value: Any) -> bytes:
    """Also of numbers and texts that no parser takes."""
    return json.dumps(value).encode()


def everything_kept(collector: Collector) -> str:
    """All that the database holds, unpacked, as one text."""
    found = []
    for table in metadata.sorted_tables:
        for row in collector.rows(f'SELECT * FROM "{table.name}"'):
            found += [_text(bytes(value)) if isinstance(value, (bytes, memoryview)) else str(value) for value in row]
    return "\n".join(found)


def _text(value: bytes) -> str:
    return (unpack(value) if value.startswith(_ZSTD) else value).decode("utf-8", "replace")


class Trial:
    """Collections, each into an empty database."""

    def __init__(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        self._folder = folder
        self._caplog = caplog
        self._count = 0

    def collect(self, server: Duplicati) -> Collected | Trouble:
        """What comes of it; whatever that is, it must be in order."""
        self._count += 1
        self._caplog.clear()
        file = self._folder / f"{self._count}.db"
        place(file)
        database = Database(file)
        try:
            with collecting(database, SetClock(NOON)) as collector:
                found = self._collected(collector, server)
                self._check(collector, found)
                return found
        finally:
            database.close()
            for each in self._folder.glob(f"{self._count}.db*"):
                each.unlink()

    @staticmethod
    def _collected(collector: Collector, server: Duplicati) -> Collected | Trouble:
        try:
            return collector.collect(server, wanted=EVERYTHING)
        except Trouble as trouble:
            return trouble

    def _check(self, collector: Collector, found: Collected | Trouble) -> None:
        kept = collector.state()
        assert collector.rows("PRAGMA foreign_key_check") == []
        connection = collector.database.connect()
        try:
            rebuild_all(connection, NOON)
        finally:
            connection.close()
        for name, rows in collector.state().items():
            assert rows == kept[name], name
        words = [everything_kept(collector), self._caplog.text]
        if isinstance(found, Trouble):
            words += [repr(found), repr(found.facts), str(found)]
        else:
            words += [(found.document or b"").decode(), repr([(name, each, each.facts) for name, each in found.troubles])]
        for secret in (PASSWORD, KEY, PASSPHRASE, ".signature"):
            assert not [text[max(0, text.find(secret) - 80) : text.find(secret) + 80] for text in words if secret in text], secret

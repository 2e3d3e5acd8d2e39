"""Tests that wait for something run on asyncio: `pytestmark = pytest.mark.anyio`. Others collect servers into a database."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from duplistatus.clock import SetClock
from duplistatus.store import channels
from duplistatus.store.channels import ChannelValues
from tests.ingest.duplicati.collector import Collector, collecting
from tests.ingest.duplicati.hostile import PASSWORD, Trial, with_secrets
from tests.ingest.duplicati.stand_in import Duplicati
from tests.store.telling import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duplistatus.store.database import Connection, Database


@pytest.fixture
def collector(database: Database) -> Iterator[Collector]:
    """A database of each engine that servers are collected into, at noon of the day of the recordings."""
    with collecting(database, SetClock(NOON)) as made:
        yield made


@pytest.fixture
def server() -> Iterator[Duplicati]:
    """With few jobs, as each takes requests of its own, and secrets wherever a server can have some."""
    with Duplicati(password=PASSWORD) as made:
        made.jobs = with_secrets(made.jobs[:2])
        yield made


@pytest.fixture
def trial(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Trial:
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.access", "asyncio"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.WARNING)
    return Trial(tmp_path, caplog)


@pytest.fixture
def telling(collector: Collector) -> None:
    """A channel that is told of runs with trouble."""

    def work(connection: Connection) -> None:
        row = channels.own_channel(connection, channels.NTFY)
        channels.save_channel(connection, row.id, ChannelValues(row.name, True, {}, ""), "kim", NOON)

    collector.write(work)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

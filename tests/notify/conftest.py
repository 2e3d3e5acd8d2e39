"""A post office on an empty database, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notify.post_office import PostOffice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Database


@pytest.fixture
def office(database: Database, data_dir: Path, clock: SetClock) -> Iterator[PostOffice]:
    """Each test that asks for it runs on both engines."""
    opened = PostOffice(database, clock, data_dir)
    yield opened
    opened.close()

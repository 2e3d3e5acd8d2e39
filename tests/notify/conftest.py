"""A post office on an empty database, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.store.database import Database
from duplistatus.store.schema import migrate
from tests.notify.post_office import PostOffice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duplistatus.clock import SetClock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, data_dir: Path, clock: SetClock) -> Iterator[PostOffice]:
    """Each test that asks for it runs on both engines."""
    url = None
    if request.param == "postgresql":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    made = Database(data_dir / "duplistatus.db", url)
    migrate(made)
    opened = PostOffice(made, clock, data_dir)
    yield opened
    opened.close()
    made.close()

"""An empty database of the newest schema, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.store.database import Database
from duplistatus.store.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[Database]:
    """The database that a test is given; each test that asks for it runs on both engines."""
    url = None
    if request.param == "postgresql":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    made = Database(data_dir / "duplistatus.db", url)
    migrate(made)
    yield made
    made.close()

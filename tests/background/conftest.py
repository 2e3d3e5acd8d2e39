"""A machine on each database, and a stage on which servers are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from duplistatus.store.schema import migrate
from tests.background.machine import Machine
from tests.background.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Database


@pytest.fixture
def machine(database: Database, clock: SetClock) -> Iterator[Machine]:
    made = Machine(database, clock)
    yield made
    made.close()


@pytest.fixture
def stage(data_dir: Path, clock: SetClock) -> Iterator[Stage]:
    made = Stage(data_dir, clock)
    migrate(made.database)
    made.writer.start()
    yield made
    made.writer.close()
    made.database.close()

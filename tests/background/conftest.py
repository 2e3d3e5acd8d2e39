"""A machine on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.background.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duplistatus.clock import SetClock
    from duplistatus.store.database import Database


@pytest.fixture
def machine(database: Database, clock: SetClock) -> Iterator[Machine]:
    made = Machine(database, clock)
    yield made
    made.close()

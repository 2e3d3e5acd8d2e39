"""Where the recordings of 1.4.2 are. They are no part of this project, so nobody can be expected to have them, not even continuous
integration: without them the tests that need them are left out, and the end of a run says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fixtures.left_out import leave_out

FOLDER = Path(os.environ.get("DUPLISTATUS_CONTRACT") or Path(__file__).parents[3] / "shared" / "contract")


@pytest.fixture
def recordings() -> Path:
    """Their folder."""
    return FOLDER


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (FOLDER / "replay.py").exists():
        return
    without = [item for item in items if "recordings" in getattr(item, "fixturenames", ())]
    items[:] = [item for item in items if item not in without]
    config.hook.pytest_deselected(items=without)
    if without:
        leave_out(config, "The recorded contract is not here, so nothing was held against it: DUPLISTATUS_CONTRACT may name its folder.")

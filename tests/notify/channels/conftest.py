"""Runs coroutines as the product does, and as Python does by itself: their ways to report a lost connection differ."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

Run = Callable[[Any], Any]


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine to its end."""
    return uvloop.run if request.param == "uvloop" else asyncio.run

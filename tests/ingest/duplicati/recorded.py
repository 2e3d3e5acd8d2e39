"""Recorded requests to the API of real Duplicati servers, and their answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "data" / "duplicati" / "api"
VERSIONS = ("2.1.0.5", "2.3.0.4", "2.3.0.109")


@cache
def _text(version: str, name: str) -> str:
    return (FOLDER / version / f"{name}.json").read_text(encoding="utf-8")


def recording(version: str, name: str) -> dict[str, Any]:
    """A request and its response, for the caller to keep."""
    found: dict[str, Any] = json.loads(_text(version, name))
    return found


def answered(version: str, name: str) -> Any:
    """The body of the response."""
    return recording(version, name)["response"]["body"]


def is_recorded(version: str, name: str) -> bool:
    """Whether there is one."""
    return (FOLDER / version / f"{name}.json").exists()

"""Types of the ids of rows, so that one is never taken for another."""

from __future__ import annotations

from typing import NewType

ServerId = NewType("ServerId", int)
JobId = NewType("JobId", int)
RunId = NewType("RunId", int)
OriginId = NewType("OriginId", int)
UserId = NewType("UserId", str)
KeyId = NewType("KeyId", int)

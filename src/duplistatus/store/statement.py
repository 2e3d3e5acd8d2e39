"""SQLAlchemy Core statements, compiled once per dialect and then run on the driver itself. In: a Core statement with named bind
parameters; out: plain tuples. Compiling and result processing cost more than the statements themselves on the hot paths, and the
tables hold only values that both drivers return as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement

_DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}

Params = Mapping[str, Any]


class Statement:
    """A Core statement whose SQL text is made at its first use on each dialect. Literals in it become default parameters."""

    __slots__ = ("_core", "_texts")

    def __init__(self, core: ClauseElement) -> None:
        self._core = core
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def text(self, dialect: str) -> tuple[str, dict[str, Any]]:
        """The SQL and the values of its literals."""
        known = self._texts.get(dialect)
        if known is None:
            compiled = self._core.compile(dialect=_DIALECTS[dialect], compile_kwargs={"render_postcompile": True})
            literals = {name: value for name, value in compiled.params.items() if value is not None}
            known = self._texts[dialect] = (str(compiled), literals)
        return known

"""SQLAlchemy Core statements, compiled once per dialect and then run on the driver itself. In: a Core statement with named bind
parameters; out: plain tuples. Compiling and result processing cost more than the statements themselves on the hot paths, and the
tables hold only values that both drivers return as they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler


@cache
def _dialect(name: str) -> Any:  # noqa: ANN401 - SQLAlchemy's dialects have no type in common that says more
    """The dialect of that name, imported only when it is in use."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.dialect(paramstyle="named")
    from sqlalchemy.dialects import postgresql

    return postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]


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
            compiled = cast(SQLCompiler, self._core.compile(dialect=_dialect(dialect)))
            if "POSTCOMPILE" in str(compiled):
                raise ValueError("a list of values in a statement (in_) depends on its length; use comparisons joined by or_")
            required = {name for name, parameter in compiled.binds.items() if parameter.required}
            literals = {name: value for name, value in compiled.construct_params(_check=False).items() if name not in required}
            known = self._texts[dialect] = (str(compiled), literals)
        return known

"""SQLAlchemy Core statements, compiled once per dialect and then run on the driver itself. In: a Core statement with named bind
parameters; out: plain tuples. Compiling and result processing cost more than the statements themselves on the hot paths, and the
tables hold only values that both drivers return as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler


@cache
def _dialect(name: str) -> Any:  # noqa: ANN401 - SQLAlchemy's dialects have no type in common that says more
    """The dialect of that name, imported only when it is in use."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.dialect(paramstyle="qmark")
    from sqlalchemy.dialects import postgresql

    return postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]


Params = Mapping[str, Any]


Arguments = Callable[[Params], Any]


class Statement:
    """A Core statement whose SQL text is made at its first use on each dialect. Literals in it become default parameters."""

    __slots__ = ("_core", "_made")

    def __init__(self, core: ClauseElement) -> None:
        self._core = core
        self._made: dict[str, tuple[str, Arguments]] = {}

    def prepared(self, dialect: str) -> tuple[str, Arguments]:
        """The SQL, and the function that makes of named values what the driver takes with it."""
        made = self._made.get(dialect)
        if made is None:
            compiled = cast(SQLCompiler, self._core.compile(dialect=_dialect(dialect)))
            if "POSTCOMPILE" in str(compiled):
                raise ValueError("a list of values in a statement (in_) depends on its length; use comparisons joined by or_")
            required = {name for name, parameter in compiled.binds.items() if parameter.required}
            literals = {name: value for name, value in compiled.construct_params(_check=False).items() if name not in required}
            made = self._made[dialect] = (str(compiled), _arguments(literals, compiled.positiontup))
        return made


def _arguments(literals: dict[str, Any], order: Sequence[str] | None) -> Arguments:
    """`order`: the names in the order of their places in the text; None where the driver takes names. SQLite's would look up each name
    anew at each use."""
    if order is None:
        return (lambda params: {**literals, **params}) if literals else (lambda params: params)
    if not order:
        return lambda _: ()
    # Of one name alone itemgetter makes no tuple.
    (first, *others) = order
    pick = itemgetter(*order) if others else (lambda params: (params[first],))
    return (lambda params: pick({**literals, **params})) if literals else pick

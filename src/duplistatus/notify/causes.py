"""What lies behind an error: libraries wrap what the system said in errors of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

_Kind = TypeVar("_Kind", bound=BaseException)


def first_cause(error: BaseException | None, kind: type[_Kind]) -> _Kind | None:
    """The error itself, or the nearest one behind it that is of a kind."""
    return next((each for each in _chain(error) if isinstance(each, kind)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _chain(each)
        error = error.__cause__ or error.__context__

"""What lies behind an error: libraries wrap what the system said in errors of their own."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import TypeVar

from duplistatus.security.addresses import Why

_Kind = TypeVar("_Kind", bound=BaseException)


def first_cause(error: BaseException | None, kind: type[_Kind]) -> _Kind | None:
    """The error itself, or the nearest one behind it that is of a kind."""
    return next((each for each in causes(error) if isinstance(each, kind)), None)


def of_the_system(error: BaseException | None) -> OSError | None:
    """The nearest error that the system itself gave, with its number."""
    return next((each for each in causes(error) if isinstance(each, OSError) and each.errno), None)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all behind it, the nearest first."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from causes(each)
        error = error.__cause__ or error.__context__


def why_not_connected(error: OSError | None) -> str:
    """Why there is no connection, in words that follow a colon."""
    if error is not None and error.errno == errno.ECONNREFUSED:
        return "it refuses connections on that port"
    return (error.strerror if error is not None else "") or "it cannot be reached"


def kind_of_failure(error: OSError | None) -> Why:
    """The same for programs."""
    return Why.REFUSED if error is not None and error.errno == errno.ECONNREFUSED else Why.UNREACHABLE

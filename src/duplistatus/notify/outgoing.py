"""Requests that carry messages. In: what `security.outgoing` asks and answers; out: the same, with what goes wrong as the failure of a
delivery, and what an answer means for a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx2

from duplistatus.notify.message import Refused, Unreachable
from duplistatus.security import outgoing
from duplistatus.security.addresses import AddressForbidden, NoAnswer
from duplistatus.security.outgoing import PATIENCE, Patience, Reply

__all__ = ["PATIENCE", "Outgoing", "Patience", "Reply", "judged", "of_a_delivery"]

_WAIT_STATUSES = frozenset({408, 425, 429})
_SUCCESS = 200
_REDIRECTS = 300
_CLIENT_ERRORS = 400
_SERVER_ERRORS = 500


@contextmanager
def of_a_delivery() -> Iterator[None]:
    """What goes wrong with a request goes wrong with its message: Refused, Unreachable."""
    try:
        yield
    except AddressForbidden as error:
        raise Refused(str(error)) from error
    except NoAnswer as error:
        raise Unreachable(str(error)) from error


class Outgoing(outgoing.Outgoing):
    """Asks one server on behalf of messages."""

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """The answer, whatever its status. Raises Refused where nothing goes to its address, Unreachable where there is none."""
        with of_a_delivery():
            return await super().ask(method, url, headers, body)


def judged(reply: Reply) -> None:
    """Raises Refused or Unreachable where an answer means that a message was not taken."""
    status = reply.status
    if _SUCCESS <= status < _REDIRECTS:
        return
    said = f"{status} {httpx2.codes.get_reason_phrase(status)}".rstrip()
    if _REDIRECTS <= status < _CLIENT_ERRORS:
        raise Refused(f"{said}: the server points to {reply.leads_to or 'another address'}; messages do not follow, enter that address")
    sentence = f"{said}: {reply.words}" if reply.words else said
    if status in _WAIT_STATUSES or status >= _SERVER_ERRORS or status < _SUCCESS:
        raise Unreachable(sentence, reply.retry_after)
    raise Refused(sentence)

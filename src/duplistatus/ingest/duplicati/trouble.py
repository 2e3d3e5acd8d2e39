"""Why a server could not be asked, in one of the ways that people can do something about. A `Trouble` holds a code and the facts of it;
`web/trouble_words.py` makes the sentence of it in the reader's language. No fact holds a password, a token or a destination."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """The ways; what is behind each is said at the end of the line: `facts`, beside `place`, the host and port, which all have."""

    ADDRESS = "address"
    """What was typed is no address. `reason`"""
    FORBIDDEN = "forbidden"
    """The address leads where nothing goes to."""
    DNS = "dns"
    """The name of the host cannot be resolved. `reason`"""
    REFUSED = "refused"
    """Nothing listens at the port."""
    UNREACHABLE = "unreachable"
    """No way to the host, or it does not react to a connection. `reason`"""
    SLOW = "slow"
    """No answer, or not all of it, in time. `seconds`"""
    CUT = "cut"
    """The connection ended before the answer did."""
    CERTIFICATE = "certificate"
    """No authority vouches for its certificate, and nobody has agreed to it. `sha256`, `subject`, `issuer`, `begins`, `ends`, `reason`"""
    CERTIFICATE_CHANGED = "certificate_changed"
    """Another certificate than the one that was agreed to. As above, and `agreed`"""
    TLS = "tls"
    """It speaks TLS, but nothing in common with this product. `reason`"""
    NOT_TLS = "not_tls"
    """The port answers no TLS; the host has been reached by HTTPS before, or the address says https://."""
    PLAIN = "plain"
    """As above, of a host never reached by HTTPS, and Duplicati answers in the clear: somebody has to agree."""
    WANTS_HTTPS = "wants_https"
    """The address says http://, and the port speaks HTTPS."""
    PASSWORD = "password"  # noqa: S105 - the name of a trouble
    """The password is wrong."""
    NO_PASSWORD = "no_password"  # noqa: S105 - the name of a trouble
    """It wants a password, and none is stored. """
    LOST_PASSWORD = "lost_password"  # noqa: S105 - the name of a trouble
    """The stored password cannot be read: the key file changed."""
    HOST_NAME = "host_name"
    """Its own check of host names refuses the name in the address. `host`"""
    NOT_DUPLICATI = "not_duplicati"
    """What answers is no Duplicati server. `status`, and `leads_to` for a redirect"""
    BROKEN = "broken"
    """The answer is no whole JSON. `path`"""
    TOO_LARGE = "too_large"
    """The answer is larger than is read. `path`, `most`: bytes"""
    BUSY = "busy"
    """The job's database is in use; it is tried again later. `job`"""
    FAILED = "failed"
    """The server answered with an error. `path`, `status`, `reason`"""
    OTHER_SERVER = "other_server"
    """Another server than before answers there. `name`, `known_as`"""
    WHICH = "which"
    """It could be one of several servers, or a new one: somebody has to choose. `candidates`: keys"""


NEEDS_ANSWER = frozenset({Code.CERTIFICATE, Code.CERTIFICATE_CHANGED, Code.PLAIN, Code.WHICH, Code.OTHER_SERVER})
"""Those that a decision of an administrator settles."""
LATER = frozenset({Code.BUSY, Code.SLOW, Code.CUT, Code.DNS, Code.REFUSED, Code.UNREACHABLE})
"""Those that may settle by themselves."""

Facts = Mapping[str, str | int | list[str]]


class Trouble(Exception):
    """A server could not be asked."""

    def __init__(self, code: Code, place: str, **facts: str | int | list[str]) -> None:
        super().__init__(f"{code} at {place}")
        self.code = code
        self.place = place
        self.facts: Facts = {"place": place, **facts}

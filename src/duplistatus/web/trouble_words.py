"""Why a server could not be asked, in words. In: a `Trouble`, or its code and facts as they were stored; out: one sentence that says what
is wrong, and one that says what to do. Facts that are missing leave a sentence that still reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from duplistatus.clock import instant
from duplistatus.i18n.wording import Wording
from duplistatus.ingest.duplicati.trouble import Code, Trouble

_PAIR = 2


@dataclass(frozen=True, slots=True)
class TroubleWords:
    """`advice`: what to do; empty where nothing is to be done but to wait."""

    sentence: str
    advice: str

    @property
    def whole(self) -> str:
        """Both."""
        return f"{self.sentence} {self.advice}".rstrip()


def words_of(trouble: Trouble, wording: Wording) -> TroubleWords:
    """Of a trouble that was just met."""
    return trouble_words(trouble.code, trouble.facts, wording)


def trouble_words(code: str, facts: Mapping[str, Any], wording: Wording) -> TroubleWords:
    """Of one that was stored. A code that is not known is shown as it is."""
    told = _told(facts, wording)
    sentence, advice = _specific(code, told, wording) or _words(wording).get(code) or (code, "")
    return TroubleWords(sentence % told, advice % told)


def fingerprint(sha256: str) -> str:
    """As browsers show it, for people to compare: `AB:CD:…`."""
    return ":".join(sha256[at : at + _PAIR] for at in range(0, len(sha256), _PAIR)).upper()


def _told(facts: Mapping[str, Any], wording: Wording) -> Mapping[str, str]:
    told: defaultdict[str, str] = defaultdict(lambda: "?")
    told |= {name: str(value) for name, value in facts.items() if not isinstance(value, (list, dict))}
    for name in ("begins", "ends"):
        told[name] = _moment(told[name], wording)
    if isinstance(facts.get("most"), int) and "path" in facts:
        told["most"] = wording.size(facts["most"])
    told["place"] = told["place"] or wording.gettext("the server")
    told["known_as"] = told["known_as"] or "?"
    return told


def _moment(text: str, wording: Wording) -> str:
    try:
        return wording.full_moment(instant(datetime.fromisoformat(text)))
    except ValueError:
        return "?"


def _specific(code: str, told: Mapping[str, str], wording: Wording) -> tuple[str, str] | None:
    """For codes that have one sentence for each of their reasons."""
    if code == Code.ADDRESS:
        sentence = _addresses(wording).get(told["reason"], wording.gettext("“%(place)s” is no address of a server."))
        return sentence, wording.gettext("Write a name or an IP address, with its port where it is not 8200: nas.example, 192.0.2.7:8300.")
    if code == Code.CERTIFICATE:
        return _certificate(told, wording), wording.gettext(
            "Compare the fingerprint below with the one of your server, and accept this certificate only where they are equal."
        )
    if code == Code.NOT_DUPLICATI and told.get("leads_to"):
        return (
            wording.gettext("%(place)s sends its visitors on to %(leads_to)s, and passwords do not follow."),
            wording.gettext("Enter that address if your Duplicati server is there."),
        )
    if code == Code.NOT_DUPLICATI and told.get("status") not in (None, "0", "200"):
        return (
            wording.gettext("What answers at %(place)s is no Duplicati server: it answered with status %(status)s."),
            wording.gettext("Check host and port; Duplicati's own port is 8200."),
        )
    if code == Code.FAILED and told.get("reason"):
        return (
            wording.gettext("Duplicati at %(place)s answered with an error (%(status)s): %(reason)s"),
            wording.gettext("Its own log says more: About → Logs on its pages."),
        )
    return None


def _addresses(wording: Wording) -> Mapping[str, str]:
    gettext = wording.gettext
    return {
        "empty": gettext("No address was entered."),
        "many": gettext("More than %(most)s addresses at once are not taken."),
        "long": gettext("An address of more than %(most)s letters is not taken."),
        "scheme": gettext("“%(place)s” begins neither with http:// nor with https://."),
        "user": gettext("The address holds a user name or a password: those are not part of it."),
        "host": gettext("“%(place)s” names no host."),
    }


def _certificate(told: Mapping[str, str], wording: Wording) -> str:
    gettext, reason = wording.gettext, told["reason"].lower()
    if "expired" in reason:
        return gettext("The certificate of %(place)s has expired: it ended on %(ends)s.")
    if "not yet valid" in reason:
        return gettext("The certificate of %(place)s is not valid yet: it begins on %(begins)s.")
    if "mismatch" in reason:
        return gettext("The certificate of %(place)s was made for another name (%(subject)s).")
    if "self-signed" in reason or "self signed" in reason:
        return gettext("The certificate of %(place)s is self-signed: no authority vouches for it.")
    if "issuer" in reason:
        return gettext("The certificate of %(place)s comes from an authority that is not known here (%(issuer)s).")
    return gettext("The certificate of %(place)s is not accepted: %(reason)s.")


@lru_cache(maxsize=32)
def _words(wording: Wording) -> Mapping[str, tuple[str, str]]:
    """Every code that has one sentence."""
    gettext = wording.gettext
    known = {
        Code.FORBIDDEN: (
            gettext("%(place)s is at a link-local or metadata address: nothing is sent there."),
            gettext("Enter the server's address in your network."),
        ),
        Code.DNS: (
            gettext("The name in %(place)s cannot be resolved."),
            gettext("Check how it is spelled, and that the machine of this dashboard knows it; an IP address works without a name."),
        ),
        Code.REFUSED: (
            gettext("Nothing listens at %(place)s: the connection was refused."),
            gettext(
                "Check that Duplicati runs, that the port is right, and that it listens on all interfaces "
                "(webservice-interface=any), not on its own machine alone."
            ),
        ),
        Code.UNREACHABLE: (
            gettext("No connection to %(place)s: the host does not react."),
            gettext("Check that the machine is on, and that no firewall stands between it and this dashboard."),
        ),
        Code.SLOW: (
            gettext("%(place)s did not answer within %(seconds)s seconds."),
            gettext("It may be busy; try again later."),
        ),
        Code.CUT: (
            gettext("%(place)s ended the connection before its answer was complete."),
            gettext("It may just be starting or stopping; try again later."),
        ),
        Code.CERTIFICATE_CHANGED: (
            gettext("%(place)s shows another certificate than the one that was accepted."),
            gettext(
                "Find out why it changed. Accept the new one only where its fingerprint is that of your server: "
                "somebody between may want the password."
            ),
        ),
        Code.TLS: (
            gettext("%(place)s speaks HTTPS in a way that is not accepted here: %(reason)s."),
            gettext("TLS 1.2 or later is needed; check its certificate and, where there is one, the proxy before it."),
        ),
        Code.NOT_TLS: (
            gettext("%(place)s does not speak HTTPS."),
            gettext(
                "If it was reached by HTTPS before, find out what changed. Otherwise enter its address with http://; "
                "password and reports then travel readable for others in that network."
            ),
        ),
        Code.PLAIN: (
            gettext("%(place)s does not speak HTTPS; Duplicati answers there in the clear."),
            gettext("Continue only if you trust the network between: the password could be read on its way."),
        ),
        Code.WANTS_HTTPS: (
            gettext("%(place)s speaks HTTPS, and the address begins with http://."),
            gettext("Enter the address with https://."),
        ),
        Code.PASSWORD: (
            gettext("Duplicati at %(place)s does not accept the password."),
            gettext("Enter the password of its own pages."),
        ),
        Code.NO_PASSWORD: (
            gettext("Duplicati at %(place)s wants a password, and none is stored."),
            gettext("Enter the password of its own pages."),
        ),
        Code.LOST_PASSWORD: (
            gettext("The stored password of %(place)s can no longer be read: the key file is another than the one it was stored with."),
            gettext("Enter the password again, or put the former key file back."),
        ),
        Code.HOST_NAME: (
            gettext("Duplicati at %(place)s refuses the name “%(host)s” in its address."),
            gettext(
                "Add this name to its allowed host names (its setting, or the option webservice-allowed-hostnames=%(host)s), "
                "or enter its IP address instead of the name."
            ),
        ),
        Code.NOT_DUPLICATI: (
            gettext("What answers at %(place)s is no Duplicati server."),
            gettext("Check host and port; Duplicati's own port is 8200."),
        ),
        Code.BROKEN: (
            gettext("The answer of %(place)s to %(path)s cannot be read: it is incomplete or damaged."),
            gettext("Try again; if it stays so, look at the proxy between, if there is one, and at the log of Duplicati."),
        ),
        Code.TOO_LARGE: (
            gettext("The answer of %(place)s to %(path)s is larger than %(most)s and was not read."),
            gettext("A lower log level or a shorter log-retention of the job makes it smaller."),
        ),
        Code.BUSY: (
            gettext("The database of a job of %(place)s is in use."),
            gettext("Its history is read at the next collection."),
        ),
        Code.FAILED: (
            gettext("Duplicati at %(place)s answered with an error (%(status)s)."),
            gettext("Its own log says more: About → Logs on its pages."),
        ),
        Code.OTHER_SERVER: (
            gettext("Another server answers at %(place)s than before: it calls itself %(name)s, and was %(known_as)s."),
            gettext("Say whether it is the same server with a new name, or correct the address."),
        ),
        Code.WHICH: (
            gettext("It is not certain which of your servers answers at %(place)s."),
            gettext("Choose it; only then is anything stored."),
        ),
    }
    return {str(code): words for code, words in known.items()}

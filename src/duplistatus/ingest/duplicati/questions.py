"""What somebody has to decide before a server is collected. In: a `Trouble`, or an answer of people; out: the question as it
is kept, or the decision, checked against what was asked."""

from __future__ import annotations

from collections.abc import Mapping

from duplistatus.ingest.duplicati.trouble import NEEDS_ANSWER, Code, Trouble

CERTIFICATE, PLAIN, WHICH = "certificate", "plain", "which"
NEW = "new"
"""None of the servers that are known."""
STUCK = frozenset({*NEEDS_ANSWER, Code.PASSWORD, Code.NO_PASSWORD})
"""Troubles that trying again never settles."""


class NoAnswer(Exception):
    """What was sent answers nothing that was asked; the text says why."""


def question_of(trouble: Trouble, server_key: str) -> dict[str, object] | None:
    """The question that settles it; None where none does. `server_key`: the server that was meant, or empty."""
    if trouble.code not in NEEDS_ANSWER:
        return None
    facts = dict(trouble.facts)
    if trouble.code in {Code.CERTIFICATE, Code.CERTIFICATE_CHANGED}:
        return {"kind": CERTIFICATE, "changed": trouble.code is Code.CERTIFICATE_CHANGED, **facts}
    if trouble.code is Code.PLAIN:
        return {"kind": PLAIN, **facts}
    found = facts.pop("candidates", None)
    named = [str(each) for each in found] if isinstance(found, list) else []
    candidates = dict.fromkeys([*named, *([server_key] if server_key else [])])
    return {"kind": WHICH, "other": trouble.code is Code.OTHER_SERVER, **facts, "candidates": list(candidates)}


def decision_of(question: Mapping[str, object], *, agrees: bool | None, sha256: str, server: str | None) -> dict[str, object] | None:
    """What is kept of an answer; None where it is no. A certificate is agreed to by its fingerprint, so that nobody agrees to another one
    than was shown. Raises NoAnswer."""
    kind = question.get("kind")
    if kind == WHICH:
        if server is None and agrees is False:
            return None
        if server != NEW and server not in _candidates(question):
            raise NoAnswer("server must be one of the candidates, or new")
        return {"server": server}
    if agrees is None:
        raise NoAnswer("agree must be true or false")
    if not agrees:
        return None
    if kind == PLAIN:
        return {"plain": True}
    if sha256 != question.get("sha256"):
        raise NoAnswer("sha256 must be the fingerprint of the certificate that was shown")
    return {"certificate": sha256}


def _candidates(question: Mapping[str, object]) -> list[object]:
    found = question.get("candidates")
    return found if isinstance(found, list) else []

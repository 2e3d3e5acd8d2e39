"""What this process counts about itself. In: events as they happen; out: counts since its start, which `/metrics` shows."""

from __future__ import annotations

from collections import Counter

from starlette.requests import HTTPConnection


class Measures:
    """Counts of one application."""

    def __init__(self) -> None:
        self.uploads: Counter[str] = Counter()
        self.messages: Counter[tuple[str, str]] = Counter()
        """Deliveries by kind of channel and by what became of them: sent, retried, failed."""

    def upload(self, answer: str) -> None:
        """Counts an upload by its answer, which is one of a few words."""
        self.uploads[answer] += 1


def measures(connection: HTTPConnection) -> Measures:
    """What the application counts."""
    state = connection.app.state
    found: Measures | None = getattr(state, "measures", None)
    if found is None:
        found = state.measures = Measures()
        found.messages = state.dispatcher.counts
    return found

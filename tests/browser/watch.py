"""What a browser complains about while a test looks at pages: errors of scripts and of the console, breaches of the content security
policy, requests that fail. In: a browser context; out: a list of complaints. A test says beforehand which ones belong to its story."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# A breach that nothing else reports would still be heard on the console.
_TELL_BREACHES = """addEventListener("securitypolicyviolation", (event) => {
    console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""} ${event.sample}`);
})"""
# Leaving a page ends its requests, the stream of changes among them.
_LEFT = "net::ERR_ABORTED"


class Watch:
    """Listens to contexts; `expected` are patterns of complaints that the story of a test brings about."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []
        self._tolerated: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        context.add_init_script(_TELL_BREACHES)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)

    def expect(self, pattern: str) -> None:
        """A complaint that must come."""
        self._expected.append(pattern)

    def may_come(self, pattern: str) -> None:
        """A complaint that may come, where the story is of many pages."""
        self._tolerated.append(pattern)

    def complaints(self) -> list[str]:
        """What was not expected, and what was expected and did not come."""
        known = self._expected + self._tolerated
        unexpected = [text for text in self._heard if not any(re.search(pattern, text) for pattern in known)]
        missing = [f"did not come: {pattern}" for pattern in self._expected if not any(re.search(pattern, text) for text in self._heard)]
        return unexpected + missing

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._heard.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self._heard.append(f"script: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT:
            self._heard.append(f"request: {request.method} {request.url}: {request.failure}")

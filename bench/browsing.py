"""How soon the dashboard is there for a person. In: an address, a session and the names of the servers, of which the page shows some
first; out: milliseconds to the first paint and until the page can be used, and what its files weigh. Every visit begins with an
empty cache."""

from __future__ import annotations

import gzip
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.client import Address

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Response

_PATIENCE = 60_000
_FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0] ?? null"
# Usable: everything is loaded and run, and the fleet stands on the page.
_USABLE = """names => {
    if (document.readyState !== 'complete') return false;
    const text = document.body.textContent;
    return names.some(name => text.includes(name)) && performance.now();
}"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Milliseconds, and bytes as gzip packs them."""

    first_paint: float
    usable: float
    scripts: int
    styles: int
    fonts: int


def visit(address: Address, cookie: str, names: list[str], times: int) -> Visit:
    """The medians of several visits. Raises RuntimeError where there is no browser, or no usable page in time."""
    from playwright.sync_api import Error, sync_playwright

    from tests.fixtures.chromium import find, flags

    program = find()
    if program is None:
        raise RuntimeError("no Chromium here (a snap cannot be driven)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags())
        try:
            _once(browser, address, cookie, names)  # the browser itself warms up
            seen = [_once(browser, address, cookie, names) for _ in range(times)]
        except Error as error:
            raise RuntimeError(f"the page could not be used: {error.message.splitlines()[0]}") from error
        finally:
            browser.close()
    last = seen[-1]
    return Visit(
        statistics.median(each.first_paint for each in seen),
        statistics.median(each.usable for each in seen),
        last.scripts,
        last.styles,
        last.fonts,
    )


def _once(browser: Browser, address: Address, cookie: str, names: list[str]) -> Visit:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        pairs = (pair.partition("=") for pair in cookie.split("; "))
        context.add_cookies([{"name": key, "value": value, "url": address.url} for key, _, value in pairs])
        page = context.new_page()
        responses: list[Response] = []

        def keep(response: Response) -> None:
            responses.append(response)

        page.on("response", keep)
        page.goto(f"{address.url}/", wait_until="commit", timeout=_PATIENCE)
        usable = page.wait_for_function(_USABLE, arg=names, timeout=_PATIENCE).json_value()
        page.wait_for_function(_FIRST_PAINT, timeout=_PATIENCE)
        first_paint = page.evaluate(_FIRST_PAINT)
        weights = {"script": 0, "stylesheet": 0, "font": 0}
        for response in responses:
            kind = response.request.resource_type
            if kind in weights and response.ok:
                weights[kind] += len(gzip.compress(response.body(), 6))
        return Visit(first_paint, usable, weights["script"], weights["stylesheet"], weights["font"])
    finally:
        context.close()

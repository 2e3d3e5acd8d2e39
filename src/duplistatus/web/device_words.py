"""With what somebody is signed in, in words. In: the `User-Agent` of a request; out: “Firefox on Windows”, “curl”. What programs say of
themselves is a hint for their owners, never a proof."""

from __future__ import annotations

import re

from duplistatus.i18n.wording import Wording

_LONGEST = 40

# The first that fits counts: each further browser names those before it in its own name.
_BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\b(OPR|OPT|Opera)/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("DuckDuckGo", r"\bDuckDuckGo/|\bDdg/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bVersion/[\d.]+.*\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac(intosh| OS X)\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)


def _first(choices: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for name, pattern in choices if re.search(pattern, agent)), None)


def device_of(user_agent: str, wording: Wording) -> str:
    """The program, and the system it runs on where it says so."""
    if not user_agent.startswith("Mozilla/"):
        # Programs call themselves by a name and a version: curl/8.14.1
        name = "".join(each for each in re.split(r"[/(;]", user_agent, maxsplit=1)[0] if each.isprintable())[:_LONGEST].strip()
        return name or wording.gettext("Unknown program")
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return wording.gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or (wording.gettext("Browser on %(system)s") % {"system": system} if system else wording.gettext("Unknown browser"))

"""What programs call themselves, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.i18n.wording import DEFAULT
from duplistatus.web.device_words import device_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera on macOS"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPad",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Browser on Linux"),
        ("Mozilla/5.0", "Unknown browser"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.5", "python-requests"),
        ("Home Assistant (duplistatus)", "Home Assistant"),
        ("x" * 300, "x" * 40),
        ("", "Unknown program"),
        ("/", "Unknown program"),
    ],
)
def test_a_device_is_named_as_people_would(agent: str, words: str) -> None:
    assert device_of(agent, DEFAULT) == words


@given(st.text(max_size=300))
def test_whatever_a_program_says_becomes_a_short_printable_line(agent: str) -> None:
    for each in (agent, f"Mozilla/5.0 {agent}"):
        words = device_of(each, DEFAULT)
        assert 0 < len(words) <= 40
        assert words.isprintable()

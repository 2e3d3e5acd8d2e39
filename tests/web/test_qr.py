"""QR codes as a path, and what they make a phone do."""

from __future__ import annotations

import re

import pytest
import segno

from duplistatus.web.qr import qr_code, subscription, topic_address


def _modules(path: str, side: int) -> list[list[int]]:
    """The dark modules, as the path paints them."""
    found = [[0] * side for _ in range(side)]
    for left, top, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        for at in range(int(left), int(left) + int(width)):
            found[int(top)][at] = 1
    return found


@pytest.mark.parametrize("text", ["ntfy://ntfy.sh/duplistatus-AbCdEf123456", "https://backup.example/ä?b=1&c=<d>"])
def test_the_path_paints_the_modules_of_the_code_inside_its_quiet_zone(text: str) -> None:
    code = qr_code(text)
    painted = _modules(code.path, code.side)
    expected = [list(map(int, row)) for row in segno.make_qr(text, error="m").matrix]
    assert [row[4:-4] for row in painted[4:-4]] == expected
    assert sum(map(sum, painted)) == sum(map(sum, expected))
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", code.path)


def test_a_text_too_long_for_any_code_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_code("x" * 5_000)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://ntfy.sh/", "ntfy://ntfy.sh/my-topic"),
        ("https://ntfy.sh", "ntfy://ntfy.sh/my-topic"),
        ("http://ntfy.lan:8080/", "ntfy://ntfy.lan:8080/my-topic?secure=false"),
        ("https://home.example/ntfy/", "ntfy://home.example/ntfy/my-topic"),
    ],
)
def test_a_phone_subscribes_to_the_topic_of_that_server(address: str, expected: str) -> None:
    assert subscription(address, "my-topic") == expected


def test_a_code_never_shows_who_signs_in_to_the_server() -> None:
    assert "secret" not in subscription("https://me:secret@ntfy.example/", "my-topic")


def test_a_browser_opens_the_topic_below_the_address() -> None:
    assert topic_address("https://home.example/ntfy/", "my topic") == "https://home.example/ntfy/my%20topic"

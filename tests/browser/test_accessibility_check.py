"""The check of accessibility itself: the vendored axe-core is the released one, and it finds what is wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.accessibility import VENDOR, serious_findings

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_vendored_files_have_the_checksums_of_the_manifest() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    expected = {name: checksum for checksum, name in (line.split() for line in lines)}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.iterdir() if file.name != "SHA256SUMS"}
    assert found == expected


@pytest.mark.browser
def test_a_picture_without_words_is_a_serious_finding(chromium: Browser) -> None:
    picture = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
    body = '<html lang="en"><title>Run</title><main><h1>Run</h1><img src="{}" alt="{}"></main></html>'
    with chromium.new_context() as context:
        page = context.new_page()
        page.set_content(body.format(picture, "a strip of results"))
        assert serious_findings(page) == []
        page.set_content(body.format(picture, "").replace(' alt=""', ""))
        assert [finding.partition(":")[0] for finding in serious_findings(page)] == ["image-alt"]

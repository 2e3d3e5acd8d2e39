"""Names of releases wherever they stand, and the lists in which they are published."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.report.releases import PAGES, Channel, NotAList, Release, read_channel, read_list, read_release, read_version

STABLE = Release((2, 3, 0, 4), Channel.STABLE, date(2026, 7, 9))
CANARY = Release((2, 3, 0, 109), Channel.CANARY, date(2026, 8, 14))
SIGNATURE = b"//SIGJSONv1: eyJhbGciOiJSUzI1NiJ9.c2lnbmF0dXJl\n"


def manifest(release: Release = STABLE, **more: Any) -> bytes:
    """As the update server signs it; shortened, the real one has some 60 packages."""
    file = f"duplicati-{release.name}-linux-x64-gui.deb"
    body = {
        "Displayname": f"Duplicati v{release.number} - {release.channel}",
        "Version": release.number,
        "ReleaseTime": "2026-07-09T11:05:23.1234567Z",
        "ReleaseType": release.channel.value,
        "UpdateSeverity": None,
        "ChangeInfo": "2.1.0.5_stable_2025-03-04 was before",
        "GenericUpdatePageUrl": f"https://duplicati.com/download?version={release.number}",
        "Packages": [{"RemoteUrls": [f"https://updates.duplicati.com/{release.channel}/{file}"], "PackageTypeId": "linux-x64-gui.deb"}],
    }
    return SIGNATURE + json.dumps(body | more).encode()


@pytest.mark.parametrize(
    "text",
    [
        "2.3.0.4_stable_2026-07-09",
        "2.3.0.4 (2.3.0.4_stable_2026-07-09)",
        "2.3.0.4 - 2.3.0.4_stable_2026-07-09",
        " - 2.3.0.4_stable_2026-07-09",
        "v2.3.0.4-2.3.0.4_stable_2026-07-09",
        "v2.3.0.4_stable_2026-07-09",
        "2.3.0.4_Stable_2026-07-09",
        "https://updates.duplicati.com/stable/duplicati-2.3.0.4_stable_2026-07-09-linux-x64-gui.deb",
        "1.0.0.1_beta_2026-02-30 2.3.0.4_stable_2026-07-09",
    ],
)
def test_a_release_is_read_from_wherever_it_is_named(text: str) -> None:
    assert read_release(text) == STABLE


@pytest.mark.parametrize("text", ["", "2.3.0.4", "2.3.0.4_nightly_2026-07-09", "2.3.0.4_stable_2026-07-32", "2.3.0.4_stable_2026-07-091"])
def test_what_names_no_release_is_none(text: str) -> None:
    assert read_release(text) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.3.0.4", (2, 3, 0, 4)),
        ("v2.0.8.1-2.0.8.1_beta_2024-05-07", (2, 0, 8, 1)),
        ("2.10", (2, 10, 0, 0)),
        ("2.3.0.4.5", None),
        ("123456.1", None),
        ("٢.٣", None),
        ("two", None),
    ],
)
def test_a_version_is_two_to_four_numbers(text: str, version: tuple[int, ...] | None) -> None:
    assert read_version(text) == version


def test_versions_compare_by_numbers() -> None:
    assert Release((2, 10, 0, 0), Channel.STABLE).version > Release((2, 9, 9, 9), Channel.STABLE).version


@pytest.mark.parametrize(("text", "channel"), [("Stable", Channel.STABLE), (" CANARY ", Channel.CANARY), ("Nightly", None), ("", None)])
def test_a_channel_is_one_of_four(text: str, channel: Channel | None) -> None:
    assert read_channel(text) == channel


def test_the_page_of_a_release_is_made_of_its_name() -> None:
    assert STABLE.page == PAGES + "/tag/v2.3.0.4_stable_2026-07-09"
    old = Release((2, 0, 8, 1), Channel.BETA, date(2024, 5, 7))
    assert old.page == PAGES + "/tag/v2.0.8.1-2.0.8.1_beta_2024-05-07"
    assert Release((2, 3, 0, 4), Channel.STABLE).page == PAGES


def test_a_manifest_names_one_release() -> None:
    assert read_list(manifest()) == (STABLE,)
    assert read_list(b"\xef\xbb\xbf\r\n" + manifest().replace(b"\n", b"\r\n", 1)) == (STABLE,)
    assert read_list(manifest().removeprefix(SIGNATURE)) == (STABLE,)


def test_the_day_of_a_manifest_without_packages_is_that_of_its_time() -> None:
    assert read_list(manifest(Packages=None)) == (STABLE,)
    assert read_list(manifest(Packages=[], ReleaseTime="0001-01-01T00:00:00")) == (Release((2, 3, 0, 4), Channel.STABLE, date(1, 1, 1)),)
    assert read_list(manifest(Packages=[], ReleaseTime=7)) == (Release((2, 3, 0, 4), Channel.STABLE),)
    another = [{"RemoteUrls": ["https://x/duplicati-9.9.9.9_stable_2030-01-01-a.deb", 7]}, 7, {"RemoteUrls": 7}]
    assert read_list(manifest(Packages=another)) == (STABLE,)


def test_a_list_of_packages_names_one_release() -> None:
    packages = {
        "linux-x64-gui.deb": {"url": "https://x/y.deb", "filename": f"duplicati-{STABLE.name}-linux-x64-gui.deb", "size": 1},
        "win-x64-gui.msi": {"filename": f"duplicati-{STABLE.name}-win-x64-gui.msi"},
        "odd": 7,
    }
    assert read_list(json.dumps(packages).encode()) == (STABLE,)


def test_a_list_of_tags_names_many_releases_newest_first() -> None:
    tags = [
        {"tag_name": "v2.1.0.5_stable_2025-03-04", "draft": False},
        {"tag_name": f"v{STABLE.name}", "draft": False, "prerelease": False, "assets": [{"name": "x"}]},
        {"tag_name": f"v{CANARY.name}", "draft": False, "prerelease": True},
        {"tag_name": "v9.9.9.9_stable_2030-01-01", "draft": True},
        {"name": "v2.0.8.1-2.0.8.1_beta_2024-05-07"},
        {"tag_name": None},
        {},
        7,
    ]
    found = read_list(json.dumps(tags).encode())
    assert found[:2] == (CANARY, STABLE)
    assert [each.number for each in found[2:]] == ["2.1.0.5", "2.0.8.1"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"//",
        b"// no end of line",
        b"<!DOCTYPE html><title>Sign in to the network</title>",
        b"{}",
        b"[]",
        b"null",
        b'"2.3.0.4_stable_2026-07-09"',
        b"[" * 100_000,
        manifest()[:-40],
        manifest(Version=None).replace(b"linux", b"\xff"),
        json.dumps({"message": "API rate limit exceeded for 192.0.2.1", "documentation_url": "https://docs.github.com"}).encode(),
        manifest(ReleaseType="nightly"),
        manifest(Version=2),
    ],
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(NotAList):
        read_list(body)


NAMES = ["Version", "ReleaseType", "ReleaseTime", "Packages", "RemoteUrls", "filename", "tag_name"]
LEAVES = st.none() | st.integers(-9, 10**12) | st.text(max_size=20) | st.sampled_from([STABLE.name, "2.3.0.4", "stable"])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=12)


@given(JSON)
def test_a_list_of_any_shape_is_read_or_refused(read: object) -> None:
    try:
        found = read_list(json.dumps(read).encode())
    except NotAList:
        return
    assert found
    assert all(read_version(each.name) == each.version for each in found)


@given(st.text(max_size=400) | st.from_regex(r"[0-9._]{1,40}(stable|beta)?[_0-9-]{0,12}", fullmatch=True))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = read_release(text)
    assert found is None or read_release(found.name) == found
    version = read_version(text)
    assert version is None or read_version(".".join(map(str, version))) == version

"""The files that browsers fetch."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from typing import TYPE_CHECKING

import brotli
import pytest

from duplistatus.web.assets import FOLDER, STYLE, STYLE_PARTS, assets

if TYPE_CHECKING:
    from starlette.testclient import TestClient

MODULES = sorted((FOLDER / "app").glob("*.js"))


def test_vendored_files_are_those_of_the_manifest_to_the_byte() -> None:
    listed = json.loads((FOLDER / "vendor" / "manifest.json").read_text(encoding="utf-8"))["files"]
    there = {file.name for file in (FOLDER / "vendor").iterdir()} - {"manifest.json"}
    assert {each["file"] for each in listed} == there
    for each in listed:
        assert each["version"] in each["file"]
        assert hashlib.sha256((FOLDER / "vendor" / each["file"]).read_bytes()).hexdigest() == each["sha256"], each["file"]


def test_the_style_sheet_is_all_parts_in_their_order() -> None:
    whole = assets().files[STYLE].body.decode()
    places = [whole.index((FOLDER / part).read_text(encoding="utf-8")) for part in STYLE_PARTS]
    assert places == sorted(places)
    templates = "".join(file.read_text(encoding="utf-8") for file in (FOLDER.parent / "templates").rglob("*.html"))
    apart = {f"styles/{file.name}" for file in (FOLDER / "styles").iterdir()} - set(STYLE_PARTS)
    assert [name for name in apart if f"asset('{name}')" not in templates] == []


def test_scripts_and_styles_of_the_dashboard_stay_small() -> None:
    html = (FOLDER.parent / "templates" / "base.html").read_text(encoding="utf-8")
    modules = [file.read_bytes() for file in MODULES]
    vendored = [(FOLDER / name).read_bytes() for name in re.findall(r"vendor/[\w.-]+\.js", html)]
    assert vendored
    assert sum(len(gzip.compress(each)) for each in modules + vendored) < 60_000
    assert len(gzip.compress(assets().files[STYLE].body)) < 15_000


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.name)
def test_a_module_imports_only_modules_that_are_there(module: object) -> None:
    text = (FOLDER / "app" / module.name).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for name in re.findall(r'from "\./([\w.-]+)"', text):
        assert (FOLDER / "app" / name).is_file()
    assert "eval(" not in text
    assert "new Function" not in text


def test_an_address_with_the_hash_may_be_kept_for_ever(site: TestClient) -> None:
    path = assets().path("app/main.js")
    answer = site.get(path, headers={"accept-encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.content == (FOLDER / "app" / "main.js").read_bytes()


def test_an_address_of_another_version_is_served_but_asked_for_again(site: TestClient) -> None:
    answer = site.get("/static/0123456789ab/style.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, no-cache")


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_files_come_compressed(site: TestClient, encoding: str, unpack: object) -> None:
    with site.stream("GET", assets().path(STYLE), headers={"accept-encoding": encoding}) as answer:
        packed = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == (encoding, "Accept-Encoding")
    assert unpack(packed) == assets().files[STYLE].body  # type: ignore[operator]


def test_a_browser_that_has_the_file_gets_304(site: TestClient) -> None:
    first = site.get(assets().path(STYLE))
    second = site.get(assets().path(STYLE), headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "../pages/rendering.py", "%2e%2e/assets.py", "..%2f..%2fsettings.py", "/etc/passwd", ""])
def test_nothing_beside_the_folder_can_be_read(site: TestClient, name: str) -> None:
    assert site.get(f"/static/{assets().version}/{name}").status_code == 404


def test_the_pictures_of_the_tab_are_there(site: TestClient) -> None:
    icon = site.get("/favicon.ico")
    assert (icon.headers["content-type"], icon.content[:4]) == ("image/x-icon", b"\x00\x00\x01\x00")
    assert site.get(assets().path("favicon.svg")).headers["content-type"].startswith("image/svg+xml")

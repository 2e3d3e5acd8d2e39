"""What lies between Duplicati and here does not change what a report says."""

from __future__ import annotations

import codecs
import gzip
import json
import tracemalloc
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.report.reading import read_body
from duplistatus.report.rejection import NotAReport, TooLarge
from duplistatus.report.report import Kind, Report
from tests.report.samples import LIMIT, backup, encoded, read

BODY = encoded(backup(extra={"backup-name": "Übersicht 日本"}))
REPORT = read(backup(extra={"backup-name": "Übersicht 日本"}))
FORM = "application/x-www-form-urlencoded"


def read_bytes(body: bytes, content_type: str | None = None, content_encoding: str | None = None, limit: int = LIMIT) -> Report:
    report = read_body(body, content_type, content_encoding, limit)
    assert isinstance(report, Report)
    return report


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/json; charset=utf-8", FORM, "application/octet-stream", "nonsense"]
)
def test_json_is_read_whatever_its_content_type_says(content_type: str | None) -> None:
    assert read_bytes(BODY, content_type) == REPORT


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + BODY,
        codecs.BOM_UTF16_LE + BODY.decode().encode("utf-16-le"),
        codecs.BOM_UTF16_BE + BODY.decode().encode("utf-16-be"),
        codecs.BOM_UTF32_LE + BODY.decode().encode("utf-32-le"),
        b"\r\n \t" + BODY + b"\n",
        json.dumps(json.loads(BODY), indent=4).encode(),
        json.dumps(BODY.decode()).encode(),
    ],
    ids=["utf-8 mark", "utf-16-le", "utf-16-be", "utf-32-le", "white space", "indented", "encoded twice"],
)
def test_marks_and_wrappings_around_json_are_taken_off(body: bytes) -> None:
    assert read_bytes(body) == REPORT


@pytest.mark.parametrize("content_encoding", ["gzip", "GZIP", "x-gzip", " gzip ", None, "identity"])
def test_a_compressed_body_is_read_by_what_it_is(content_encoding: str | None) -> None:
    assert read_bytes(gzip.compress(BODY), content_encoding=content_encoding) == REPORT


def test_a_body_that_a_proxy_unpacked_already_is_read() -> None:
    assert read_bytes(BODY, content_encoding="gzip") == REPORT


@pytest.mark.parametrize("content_encoding", ["br", "deflate", "gzip, br"])
def test_another_content_encoding_is_refused_by_name(content_encoding: str) -> None:
    with pytest.raises(NotAReport, match=content_encoding.rpartition(" ")[2]) as refused:
        read_bytes(BODY, content_encoding=content_encoding)
    assert refused.value.code == "bad_encoding"


@pytest.mark.parametrize("cut", [2, 10, 40, -1])
def test_damaged_gzip_is_refused(cut: int) -> None:
    with pytest.raises(NotAReport) as refused:
        read_bytes(gzip.compress(BODY)[:cut], content_encoding="gzip")
    assert refused.value.code == "bad_encoding"


def test_a_second_gzip_member_is_refused() -> None:
    with pytest.raises(NotAReport, match="followed by something else"):
        read_bytes(gzip.compress(BODY) + gzip.compress(b""))


def test_the_limit_holds_for_the_decompressed_size() -> None:
    packed = gzip.compress(b'{"Data":"' + b"a" * 10_000_000 + b'"}')
    assert len(packed) < 20_000
    with pytest.raises(TooLarge) as refused:
        read_bytes(packed, content_encoding="gzip", limit=1_000_000)
    assert (refused.value.code, refused.value.max_bytes) == ("too_large", 1_000_000)
    assert "1000000 bytes" in refused.value.sentence
    assert read_bytes(gzip.compress(BODY), limit=len(BODY)) == REPORT
    with pytest.raises(TooLarge):
        read_bytes(gzip.compress(BODY), limit=len(BODY) - 1)


def test_a_body_made_to_grow_is_not_unpacked_beyond_the_limit() -> None:
    packed = gzip.compress(bytes(100_000_000), 9)
    tracemalloc.start()
    with pytest.raises(TooLarge):
        read_bytes(packed, limit=1_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


@pytest.mark.parametrize("encode", [quote, quote_plus])
@pytest.mark.parametrize("content_type", [FORM, None, "application/json"])
def test_a_form_may_carry_json(encode: Callable[[str], str], content_type: str | None) -> None:
    form = b"message=" + encode(BODY.decode()).encode()
    assert read_bytes(form, content_type) == REPORT


def test_a_form_may_name_its_message_otherwise() -> None:
    form = urlencode({"site": "north", "report": BODY.decode()}).encode()
    assert read_bytes(form, FORM).origin == REPORT.origin


@pytest.mark.parametrize(
    "parameters",
    ["&site=Köln&rack=7", "&site%3DK%C3%B6ln%26rack%3D7", "&site=K%C3%B6ln&rack=7"],
    ids=["unescaped, as 2.3", "escaped as a whole, as 2.1.0", "escaped"],
)
def test_extra_parameters_of_a_form_are_kept(parameters: str) -> None:
    report = read_bytes(f"message={quote(BODY.decode())}{parameters}".encode(), FORM)
    assert report.origin == REPORT.origin
    assert report.kind is Kind.JSON
    assert set(report.unknown_extra) == {("site", "Köln"), ("rack", "7")}


def test_extra_parameters_do_not_replace_what_the_document_says() -> None:
    form = urlencode({"message": BODY.decode(), "backup-name": "Other", "machine-name": "other"}).encode()
    assert read_bytes(form, FORM).origin == REPORT.origin


def test_half_a_character_in_a_form_becomes_the_replacement_character() -> None:
    report = read_bytes(
        b"message=" + quote(encoded(backup(LogLines=["x"])).decode().replace('"x"', '"a#b"')).encode().replace(b"%23", b"%F0%9F")
    )
    assert report.log.lines == ("a\ufffdb",)


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/json", "empty_body"),
        (b" \n", None, "empty_body"),
        (codecs.BOM_UTF8, None, "empty_body"),
        (b"null", "application/json", "no_report"),
        (b"12", "application/json", "no_report"),
        (b"[]", "application/json", "no_report"),
        (b'"text"', "application/json", "no_report"),
        (b"{}", "application/json", "no_report"),
        (b"hello", "application/json", "invalid_json"),
        (b"hello", "text/plain", "no_report"),
        (b"message=hello", FORM, "no_report"),
        (b"message=", FORM, "no_report"),
        (b"a=b&c=d", FORM, "no_report"),
        (b"message=%7Bbroken", FORM, "invalid_json"),
        (b"message=%5B%5D", FORM, "no_report"),
        (b'{"test":"connection"}', "application/json", "connection_test"),
    ],
)
def test_what_is_no_report_is_refused_with_its_code(body: bytes, content_type: str | None, code: str) -> None:
    with pytest.raises(NotAReport) as refused:
        read_bytes(body, content_type)
    assert refused.value.code == code
    assert refused.value.body() == {"error": refused.value.sentence}


def test_a_test_document_is_told_that_the_connection_works() -> None:
    with pytest.raises(NotAReport, match="connection works"):
        read_bytes(b'{"test":"connection"}')


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.strip() != "" and "\0" not in text))
def test_any_name_survives_json_form_and_gzip(name: str) -> None:
    body = encoded(backup(extra={"backup-name": name}))
    assert read_bytes(body).origin.job_name == name
    assert read_bytes(b"message=" + quote(body.decode()).encode()).origin.job_name == name
    assert read_bytes(gzip.compress(body)).origin.job_name == name

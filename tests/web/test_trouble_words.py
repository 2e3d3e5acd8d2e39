"""Why a server could not be asked, in words that people can do something with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duplistatus.i18n.wording import DEFAULT
from duplistatus.ingest.duplicati.trouble import LATER, Code, Trouble
from duplistatus.web.trouble_words import fingerprint, trouble_words, words_of

FACTS: dict[str, str | int | list[str]] = {
    "place": "nas:8200",
    "reason": "self-signed certificate",
    "sha256": "ab" * 32,
    "subject": "other.example",
    "issuer": "Home CA",
    "begins": "2026-01-02T03:04:05.000Z",
    "ends": "2026-02-03T04:05:06.000Z",
    "agreed": "cd" * 32,
    "seconds": 60,
    "host": "nas",
    "status": 502,
    "path": "/api/v1/backups",
    "most": 8 * 1024 * 1024,
    "job": "3",
    "name": "NAS-2",
    "known_as": "NAS-1",
    "candidates": ["a", "b"],
}


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence_of_its_own_and_an_advice(code: Code) -> None:
    words = trouble_words(code, FACTS, DEFAULT)
    others = {trouble_words(each, FACTS, DEFAULT).sentence for each in Code if each is not code}
    assert words.sentence not in others
    assert words.sentence != code
    for text in (words.sentence, words.advice):
        assert text.endswith((".", "certificate", "300.")), text
        assert "%(" not in text
        assert "?" not in text


def test_the_documentation_has_every_code_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "collecting.md").read_text(encoding="utf-8")
    table = page.partition("### What is said when it does not work")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [str(code) for code in Code]


@pytest.mark.parametrize("code", [*Code, "not yet known"])
def test_a_sentence_reads_without_facts(code: str) -> None:
    assert trouble_words(code, {}, DEFAULT).whole


@pytest.mark.parametrize("code", sorted(LATER))
def test_what_may_settle_by_itself_says_so_or_where_to_look(code: Code) -> None:
    assert re.search(r"later|next|Check", trouble_words(code, FACTS, DEFAULT).advice)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("certificate has expired", "it ended on Tuesday, 3 February"),
        ("certificate is not yet valid", "it begins on Friday, 2 January"),
        ("Hostname mismatch, certificate is not valid for 'nas'.", "made for another name (other.example)"),
        ("IP address mismatch, certificate is not valid for '192.0.2.1'.", "made for another name"),
        ("self-signed certificate", "no authority vouches"),
        ("self-signed certificate in certificate chain", "no authority vouches"),
        ("unable to get local issuer certificate", "an authority that is not known here (Home CA)"),
        ("EE certificate key too weak", "is not accepted: EE certificate key too weak"),
    ],
)
def test_a_certificate_is_refused_for_a_reason(reason: str, said: str) -> None:
    words = trouble_words(Code.CERTIFICATE, {**FACTS, "reason": reason}, DEFAULT)
    assert said in words.sentence
    assert "fingerprint" in words.advice


def test_a_refused_host_name_says_the_option_and_the_other_way() -> None:
    words = trouble_words(Code.HOST_NAME, FACTS, DEFAULT)
    assert "“nas”" in words.sentence
    assert "webservice-allowed-hostnames=nas" in words.advice
    assert "IP address" in words.advice


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"leads_to": "https://proxy.example", "status": 302}, "sends its visitors on to https://proxy.example"),
        ({"status": 404}, "answered with status 404"),
        ({"status": 200}, "is no Duplicati server."),
        ({"status": 0}, "is no Duplicati server."),
    ],
)
def test_what_is_no_duplicati_server_is_told_by_what_it_did(facts: dict[str, str | int], said: str) -> None:
    assert said in trouble_words(Code.NOT_DUPLICATI, {"place": "nas:8200", **facts}, DEFAULT).sentence


@pytest.mark.parametrize("reason", ["empty", "many", "long", "scheme", "form", "user", "host"])
def test_an_address_is_refused_for_a_reason(reason: str) -> None:
    words = words_of(Trouble(Code.ADDRESS, "x y", reason=reason, most=200), DEFAULT)
    assert words.sentence.endswith(".")
    assert "8200" in words.advice


def test_a_fingerprint_is_written_as_browsers_do() -> None:
    assert fingerprint("00ff1a") == "00:FF:1A"


@given(
    st.sampled_from(list(Code)),
    st.dictionaries(st.sampled_from(sorted(FACTS)), st.text() | st.integers() | st.none() | st.lists(st.text())),
)
def test_no_facts_break_a_sentence(code: Code, facts: dict[str, object]) -> None:
    assert trouble_words(code, facts, DEFAULT).sentence

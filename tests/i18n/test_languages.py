"""Which language a browser gets."""

from __future__ import annotations

from gettext import NullTranslations

from duplistatus.i18n.languages import ENGLISH, LANGUAGES, choose, language_of, offered, preferred, translations


def test_seven_languages_have_a_place_and_english_is_offered_always() -> None:
    assert [language.code for language in LANGUAGES] == ["en", "de", "fr", "es", "pt-BR", "hi-Latn", "zh-Hans"]
    assert offered()[0] is ENGLISH


def test_a_language_without_a_catalogue_is_not_offered() -> None:
    assert all(isinstance(translations(language), NullTranslations) for language in LANGUAGES)
    for language in LANGUAGES:
        has_catalogue = type(translations(language)) is not NullTranslations
        assert (language in offered()) is (has_catalogue or language is ENGLISH)


def test_tags_find_their_language_whatever_their_region_and_case() -> None:
    assert [
        language.code if (language := language_of(tag)) else None for tag in ("de", "de-AT", "pt_br", "ZH-cn", "hi", "en-GB", "sv", "")
    ] == [
        "de",
        "de",
        "pt-BR",
        "zh-Hans",
        "hi-Latn",
        "en",
        None,
        None,
    ]


def test_accept_language_is_read_by_weight() -> None:
    assert preferred("fr;q=0.5, de-CH, en;q=0.9, *;q=0, es;q=x") == ["de-CH", "en", "fr"]
    assert preferred("") == []


def test_an_unknown_wish_gets_english() -> None:
    assert choose(["sv", "fi"]) is ENGLISH
    assert choose([]) is ENGLISH

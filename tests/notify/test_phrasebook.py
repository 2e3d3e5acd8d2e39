"""The texts of messages: complete in every language, and of known variables alone."""

from __future__ import annotations

import re

import pytest

from duplistatus.evaluate.template import VARIABLES, Name, read_template, unknown_variables
from duplistatus.i18n.languages import ENGLISH, LANGUAGES, Language
from duplistatus.notify.markdown import text_of
from duplistatus.notify.phrasebook import FOLDER, code_for_clients, language_named, texts_of

EVERY = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)


def braces(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


@EVERY
def test_every_language_has_every_text(language: Language) -> None:
    texts = texts_of(language)
    assert set(texts.templates) == set(Name)
    assert set(texts.words) == set(texts_of(ENGLISH).words)
    assert all(text.strip() == text and text for text in texts.words.values())


@EVERY
def test_templates_name_known_variables_and_can_be_kept(language: Language) -> None:
    for name, template in texts_of(language).templates.items():
        assert unknown_variables(template, name) == ()
        assert read_template({"title": template.title, "message": template.message}, template) == template


@EVERY
def test_templates_name_the_same_variables_in_every_language(language: Language) -> None:
    for name, template in texts_of(language).templates.items():
        english = texts_of(ENGLISH).templates[name]
        assert set(braces(template.title)) == set(braces(english.title)), name
        assert set(braces(template.message)) == set(braces(english.message)), name


@EVERY
def test_words_have_the_same_places_for_values_in_every_language(language: Language) -> None:
    english = texts_of(ENGLISH).words
    assert {key: braces(text) for key, text in texts_of(language).words.items()} == {key: braces(text) for key, text in english.items()}


@EVERY
def test_bold_names_are_bold_beside_the_letters_of_the_language(language: Language) -> None:
    texts = texts_of(language)
    for text in (*(each.message for each in texts.templates.values()), texts.words["group.line"]):
        assert "**" not in text_of(text)


@EVERY
def test_no_text_but_names_is_left_in_english(language: Language) -> None:
    if language is ENGLISH:
        return
    own, english = texts_of(language), texts_of(ENGLISH)
    assert all(own.templates[name].title != english.templates[name].title for name in Name)
    assert all(own.words[key] != english.words[key] for key in english.words if len(english.words[key]) > len("Server: a name"))


def test_a_language_goes_by_its_names_here_and_in_1_4_2() -> None:
    assert [code_for_clients(language) for language in LANGUAGES] == ["en-GB", "de", "fr", "es", "pt-BR", "hi-Latn", "zh-Hans"]
    for code, expected in (
        ("en", "en"),
        ("en-GB", "en"),
        ("hi", "hi-Latn"),
        ("zh-CN", "zh-Hans"),
        ("zh_hans", "zh-Hans"),
        ("PT-br", "pt-BR"),
    ):
        found = language_named(code)
        assert found is not None
        assert found.code == expected
    assert [language_named(code) for code in ("xx", "", "de-garbage", None, 7, ["de"])] == [None] * 6


def test_each_language_is_one_file() -> None:
    assert {file.stem for file in FOLDER.glob("*.toml") if not file.stem.startswith("summary")} == {language.code for language in LANGUAGES}


def test_every_variable_of_runs_is_told_to_the_editor_once() -> None:
    for names in VARIABLES.values():
        assert len(names) == len(set(names))
        assert "duplistatus_link" in names

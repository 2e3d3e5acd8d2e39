"""The templates in use: the texts of the chosen language, and what people changed of them. In: what is stored; out: a `TemplateSet`, and
changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from duplistatus.evaluate.template import Name, Template, TemplateError, read_template
from duplistatus.i18n.languages import ENGLISH, Language
from duplistatus.notify.phrasebook import Texts, code_for_clients, language_named, texts_of
from duplistatus.store.database import Connection
from duplistatus.store.templates import StoredTemplates, read_stored, stored_text


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """All templates in one language. `changed`: those that are not as the language has them."""

    texts: Texts
    changed: Mapping[Name, Template]

    def template(self, name: Name) -> Template:
        """The template as messages are made from it."""
        return self.changed.get(name) or self.texts.templates[name]

    def with_template(self, name: Name, template: Template | None) -> TemplateSet:
        """The same with another template; None, or one that is as the language has it: that of the language."""
        others = {each: kept for each, kept in self.changed.items() if each is not name}
        if template is not None and not _same(template, self.texts.templates[name]):
            others[name] = template
        return TemplateSet(self.texts, others)

    def in_language(self, language: Language) -> TemplateSet:
        """The same in another language: templates that nobody changed get its texts, changed ones stay."""
        kept = TemplateSet(texts_of(language), {})
        for name, template in self.changed.items():
            kept = kept.with_template(name, template)
        return kept

    def stored(self) -> StoredTemplates:
        """As it is kept."""
        return StoredTemplates(code_for_clients(self.texts.language), self.changed)


def templates_in_use(connection: Connection) -> TemplateSet:
    """The templates as they are now."""
    return _read(stored_text(connection))


def read_sent(sent: Mapping[str, object], before: TemplateSet) -> TemplateSet:
    """The templates after what a client sent: a language, and templates by name; what is not named stays. Raises TemplateError, whose
    field begins with the template's name."""
    found = before
    if "language" in sent:
        language = language_named(sent["language"])
        if language is None:
            raise TemplateError("language", "Invalid language")
        found = found.in_language(language)
    unknown = sorted(set(sent) - {"language", *Name})
    if unknown:
        raise TemplateError(unknown[0][:40], f"there is no template {unknown[0][:40]!r}; there are {', '.join(Name)}")
    for name in Name:
        fields = sent.get(name.value)
        if fields is None:
            continue
        if not isinstance(fields, dict):
            raise TemplateError(name.value, f"{name}: a template is a JSON object")
        try:
            found = found.with_template(name, read_template(fields, found.template(name)))
        except TemplateError as error:
            raise TemplateError(f"{name}.{error.field}", f"{name}: {error}") from error
    return found


@lru_cache(maxsize=4)
def _read(text: str) -> TemplateSet:
    stored = read_stored(text) if text else StoredTemplates()
    found = TemplateSet(texts_of(language_named(stored.language) or ENGLISH), {})
    for name, template in stored.changed.items():
        found = found.with_template(name, template)
    return found


def _same(one: Template, other: Template) -> bool:
    """Whether two are the same; line breaks at the end, which fields of forms lose, do not count."""
    return (one.title, one.message.strip(), one.priority, one.tags) == (other.title, other.message.strip(), other.priority, other.tags)

"""The templates as people changed them. In: a connection; out: the language, and those templates that are other than its own texts. They
are kept in the shape in which 1.4.2 keeps them, so that its databases can be read; what cannot be read any more counts as not changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import bindparam, insert, select, update

from duplistatus.evaluate.template import Name, Template, TemplateError, fields_of, read_template
from duplistatus.store.account_tables import setting
from duplistatus.store.database import Connection
from duplistatus.store.statement import Statement

KEY = "notification_templates"

_READ = Statement(select(setting.c.value).where(setting.c.key == KEY))
_UPDATE = Statement(update(setting).where(setting.c.key == KEY).values(value=bindparam("value_new")))
_INSERT = Statement(insert(setting).values(key=KEY, value=bindparam("value_new")))
_BLANK = Template("", "")


@dataclass(frozen=True, slots=True)
class StoredTemplates:
    """`language`: its code, as whoever chose it called it, empty where nobody did."""

    language: str = ""
    changed: Mapping[Name, Template] = field(default_factory=dict)


def stored_templates(connection: Connection) -> StoredTemplates:
    """What is kept."""
    text = connection.value(_READ)
    return read_stored(text) if text else StoredTemplates()


def stored_text(connection: Connection) -> str:
    """The same as it is kept, to be recognised; empty where nothing is."""
    return connection.value(_READ) or ""


def read_stored(text: str) -> StoredTemplates:
    """What a stored text says."""
    try:
        read = json.loads(text)
    except ValueError:
        return StoredTemplates()
    if not isinstance(read, dict):
        return StoredTemplates()
    changed: dict[Name, Template] = {}
    for name in Name:
        fields = read.get(name.value)
        if isinstance(fields, dict):
            try:
                changed[name] = read_template(fields, _BLANK)
            except TemplateError:
                continue
    language = read.get("language")
    return StoredTemplates(language if isinstance(language, str) else "", changed)


def save_templates(connection: Connection, stored: StoredTemplates) -> None:
    """Keeps the language and the changed templates."""
    values: dict[str, object] = {"language": stored.language}
    values |= {name.value: fields_of(stored.changed[name]) for name in Name if name in stored.changed}
    text = json.dumps(values, ensure_ascii=False)
    if not connection.run(_UPDATE, {"value_new": text}).rowcount:
        connection.run(_INSERT, {"value_new": text})

"""Changes of templates, made by somebody. In: a request whose caller was let in, and what is to become of the templates; out: the templates
after it. Each is one transaction with its entry in the audit log, which says which templates changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.requests import Request

from duplistatus.evaluate.template import Name, Template
from duplistatus.notify.templates import TemplateSet, templates_in_use
from duplistatus.store import audit
from duplistatus.store.audit import Entry, differences
from duplistatus.store.database import Connection
from duplistatus.store.templates import save_templates
from duplistatus.web.access import Caller
from duplistatus.web.context import context
from duplistatus.web.sessions import user_agent

_ACTION = "notification_template_updated"
"""As 1.4.2 calls it."""


async def change_templates(request: Request, caller: Caller, change: Callable[[TemplateSet], TemplateSet]) -> TemplateSet:
    """Makes of the templates so far others. Raises TemplateError where `change` does."""
    parts = context(request)
    agent = user_agent(request)

    def work(connection: Connection) -> TemplateSet:
        before = templates_in_use(connection)
        after = change(before)
        if after == before:
            return after
        save_templates(connection, after.stored())
        changed = [name.value for name in Name if after.template(name) != before.template(name)]
        details: dict[str, object] = {"templates": changed, **_changes(before, after)}
        audit.record(connection, Entry(parts.clock.now(), _ACTION, "config", caller.user, "", None, None, details, caller.address, agent))
        return after

    return await parts.writer.write(work)


def _changes(before: TemplateSet, after: TemplateSet) -> dict[str, dict[str, object]]:
    """The language, and what became another in templates that somebody wrote."""
    names = [name for name in Name if name in before.changed or name in after.changed]
    return differences(_words(before, names), _words(after, names))


def _words(templates: TemplateSet, names: Sequence[Name]) -> dict[str, object]:
    fields = {f"{name}.{field}": value for name in names for field, value in _fields(templates.template(name)).items()}
    return {"language": templates.texts.language.code, **fields}


def _fields(template: Template) -> dict[str, object]:
    return {"title": template.title, "message": template.message, "priority": template.priority, "tags": list(template.tags)}

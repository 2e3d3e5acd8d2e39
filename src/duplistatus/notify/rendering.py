"""A delivery in words. In: a delivery with its notice, and the database as it is; out: the message in all its forms, in the language of the
templates and the zone of the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duplistatus.clock import Clock, Instant, iso
from duplistatus.evaluate.notice import Event
from duplistatus.evaluate.template import LINK, VARIABLE, Name, Template, name_of
from duplistatus.notify.filling import Value, fill, fill_title, put_blocks, web_address
from duplistatus.notify.group_parts import group_message, group_parts
from duplistatus.notify.job_parts import Telling, back_parts, overdue_parts, run_parts
from duplistatus.notify.mail_html import Band, Link, mail, paragraph, styled
from duplistatus.notify.markdown import html_of, text_of
from duplistatus.notify.message import Message
from duplistatus.notify.parts import Parts
from duplistatus.notify.templates import TemplateSet, templates_in_use
from duplistatus.settings import Settings
from duplistatus.store.database import Connection
from duplistatus.store.outbox import Delivery
from duplistatus.store.own_address import public_url

_PREHEADER = 140
_NO_NAME = "duplistatus"


class Renderer:
    """Renders messages. What it finds may be a job that is gone meanwhile: then it says what the notice itself holds."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def message(self, connection: Connection, delivery: Delivery) -> Message:
        """The message of a delivery."""
        return self.preview(connection, delivery, templates_in_use(connection))

    def preview(self, connection: Connection, delivery: Delivery, templates: TemplateSet) -> Message:
        """The message as it would be with these templates."""
        texts = templates.texts
        telling = Telling(connection, texts, texts.wording(self._settings.time_zone), public_url(connection, self._settings))
        name = name_of(delivery.event)
        if name is None:
            return _composed(telling, delivery, *_test(telling, delivery))
        template = templates.template(name)
        if delivery.event is Event.OVERDUE and isinstance(delivery.details.get("jobs"), list):
            return _composed(telling, delivery, group_message(telling, delivery, template), group_parts(telling, delivery))
        return _composed(telling, delivery, template, _parts(telling, delivery, name, self._settings.time_zone, self._clock.now()))


def _parts(telling: Telling, delivery: Delivery, name: Name, zone: str, now: Instant) -> Parts:
    match name:
        case Name.SUCCESS | Name.WARNING:
            return run_parts(telling, delivery)
        case Name.OVERDUE:
            return overdue_parts(telling, delivery)
        case Name.BACK:
            return back_parts(telling, delivery)
        case _:
            from duplistatus.notify.summary_parts import summary_parts

            return summary_parts(telling.connection, delivery.event, delivery.details, telling.texts.language, telling.address, now, zone)


def _test(telling: Telling, delivery: Delivery) -> tuple[Template, Parts]:
    """The text of a test; of a self-test where the notice says so."""
    texts = telling.texts
    kind = "selftest_" if delivery.details.get("self_test") else ""
    template = Template(texts.word(f"test.{kind}title"), texts.word(f"test.{kind}text"), "default", ("test_tube",))
    values = {LINK: Value(telling.address, is_empty=not telling.address, is_url=True)}
    return template, Parts(values, Band("quiet", texts.word("band.test")), link=telling.address)


def _composed(telling: Telling, delivery: Delivery, template: Template, parts: Parts) -> Message:
    """The message of a template and what it is filled with."""
    texts = telling.texts
    title = fill_title(template.title, parts.values) or _NO_NAME
    filled = fill(template.message, parts.values)
    text = put_blocks(text_of(filled.source), {name: block.text for name, block in filled.blocks.items()})
    link = web_address(parts.link)
    body = put_blocks(styled(html_of(filled.source), link), {name: block.html for name, block in filled.blocks.items()}, paragraph)
    named = set(VARIABLE.findall(template.message))
    document = mail(
        texts.language.code,
        title,
        parts.band,
        body,
        preheader=parts.preheader or " ".join(text.split())[:_PREHEADER],
        facts=[fact for variable, fact in parts.facts if variable not in named],
        link=Link(link, texts.word("mail.open")) if link and LINK not in named else None,
        footer=_footer(telling),
    )
    return Message(
        delivery.uid,
        delivery.event,
        title,
        text,
        filled.markdown,
        document,
        delivery.at,
        template.priority,
        template.tags,
        link,
        texts.language.code,
        _facts(delivery, parts),
        parts.images,
    )


def _footer(telling: Telling) -> list[str]:
    address = telling.address.partition("://")[2]
    why = telling.texts.word("mail.why_at", address=address) if address else telling.texts.word("mail.why")
    return [why, telling.texts.word("mail.zone", zone=telling.wording.zone.key)]


def _facts(delivery: Delivery, parts: Parts) -> Mapping[str, Any]:
    return {"event": delivery.event.value, "at": iso(Instant(delivery.at)), "link": parts.link or None, **parts.data}

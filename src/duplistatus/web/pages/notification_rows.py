"""Jobs and servers on the page of notifications, in the words of a reader. In: rows and what somebody sent; out: what stands in each place,
and the fields of each form with where their values come from; and the change that a form means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from starlette.datastructures import FormData

from duplistatus.evaluate.notify_change import ADDITIONAL, Field, NotifyChange, Source, read_notify_change, source_of
from duplistatus.evaluate.notify_setting import Additional
from duplistatus.i18n.wording import Wording
from duplistatus.store.ids import ServerId
from duplistatus.store.notify_list import NotifyRow


@dataclass(frozen=True, slots=True)
class Besides:
    """A field of whom besides to tell. `value`: what stands in it; `seen`: the server's value that stands in it, where it follows the
    server: sent back as it is, it says nothing of the job's own."""

    name: Field
    value: str
    seen: str
    source: Source


@dataclass(frozen=True, slots=True)
class Line:
    """A job. `summary`: who is told besides; `problems`: what is wrong, by field; the form then holds what was sent."""

    row: NotifyRow
    event: str
    ntfy: bool
    email: bool
    fields: tuple[Besides, ...]
    summary: str
    source: Source
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """The id of its element."""
        return f"job-{self.row.id}"

    @property
    def label(self) -> str:
        """Server and job, for those who hear it."""
        return f"{self.row.server_label}, {self.row.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """A server with those of its jobs that the page shows, of `total` that match."""

    id: ServerId
    key: str
    label: str
    fields: tuple[Besides, ...]
    summary: str
    lines: tuple[Line, ...]
    total: int
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """The id of its element."""
        return f"server-{self.id}"


class Choices:
    """The values to choose from, in the words of a reader."""

    def __init__(self, wording: Wording) -> None:
        self.runs = {
            "all": wording.gettext("All runs"),
            "warnings": wording.gettext("Warnings and errors"),
            "errors": wording.gettext("Errors"),
            "off": wording.gettext("None"),
        }
        self.besides = {"": wording.gettext("As told of the job"), **self.runs}


def groups_of(wording: Wording, rows: Iterable[NotifyRow], totals: Mapping[ServerId, int], instead: Line | None = None) -> list[Group]:
    """The rows, which come by server, as groups. `instead`: a line to be shown as it is."""
    found = []
    for server_id, of_server in groupby(rows, key=lambda row: row.server_id):
        lines = [instead if instead and instead.row.id == row.id else line_of(wording, row) for row in of_server]
        found.append(group_of(wording, lines, totals.get(server_id, len(lines))))
    return found


def group_of(
    wording: Wording, lines: list[Line], total: int, form: FormData | None = None, problems: Mapping[str, str] | None = None
) -> Group:
    """A server, of which there is one job at least. `form`: what was sent, where something is wrong with it."""
    first = lines[0].row
    additional = first.of_server
    fields = tuple(
        Besides(name, _text(form, name) if form is not None else getattr(additional, own) or "", "", "own")
        for name, own in ADDITIONAL.items()
    )
    summary = summary_of(wording, additional)
    return Group(first.server_id, first.server_key, first.server_label, fields, summary, tuple(lines), total, problems or {})


def line_of(wording: Wording, row: NotifyRow, form: FormData | None = None, problems: Mapping[str, str] | None = None) -> Line:
    """A job. `form`: what was sent, where something is wrong with it."""
    own, notify = row.notify.additional, row.notify
    fields = [_besides(name, getattr(own, key), getattr(row.of_server, key)) for name, key in ADDITIONAL.items()]
    sources = {each.source for each in fields}
    event, ntfy, email = notify.event, notify.ntfy, notify.email
    if form is not None:
        fields = [Besides(each.name, _text(form, each.name), each.seen, each.source) for each in fields]
        event, ntfy, email = _text(form, "event"), "ntfy" in form, "email" in form
    source: Source = "own" if "own" in sources else "server" if "server" in sources else "none"
    return Line(row, event, ntfy, email, tuple(fields), summary_of(wording, row.effective), source, problems or {})


def _besides(name: Field, own: str | None, server: str | None) -> Besides:
    seen = "" if own is not None else server or ""
    return Besides(name, seen if own is None else own, seen, source_of(own, server))


def summary_of(wording: Wording, additional: Additional) -> str:
    """`2 addresses, topic ops`; empty where nobody is told besides."""
    if additional.event == "off":
        return ""
    words = []
    addresses = additional.addresses
    if len(addresses) == 1:
        words.append(addresses[0])
    elif addresses:
        words.append(wording.ngettext("%(num)s address", "%(num)s addresses", len(addresses)) % {"num": len(addresses)})
    if additional.topic:
        words.append(wording.gettext("topic %(topic)s") % {"topic": additional.topic})
    return ", ".join(words)


def told_words(wording: Wording, row: NotifyRow) -> str:
    """What is told of a job, in a line: `Warnings and errors · ntfy, E-mail · 2 addresses`."""
    notify = row.notify
    ways = [word for is_on, word in ((notify.ntfy, wording.gettext("ntfy")), (notify.email, wording.gettext("E-mail"))) if is_on]
    words = [
        Choices(wording).runs[notify.event],
        ", ".join(ways) or wording.gettext("neither ntfy nor e-mail"),
        summary_of(wording, row.effective),
    ]
    return " · ".join(word for word in words if word)


def job_change(form: FormData) -> NotifyChange:
    """What the form of a job means: what follows the server and was left as it was says nothing of the job's own. Raises NotifyError."""
    sent: dict[str, object] = {"event": _text(form, "event"), "ntfy": "ntfy" in form, "email": "email" in form}
    own = set(form.getlist("own"))
    for name in ADDITIONAL:
        value = _text(form, name)
        if name in form and (name in own or value.strip() != _text(form, f"seen_{name}").strip()):
            sent[name] = value
    return read_notify_change(sent)


def server_change(form: FormData) -> NotifyChange:
    """What the form of a server means. Raises NotifyError."""
    return read_notify_change({name: _text(form, name) or None for name in ADDITIONAL})


def selected_change(form: FormData) -> NotifyChange:
    """What the form of several jobs means: the fields that are ticked. Raises NotifyError."""
    values: dict[str, object] = {"event": _text(form, "event"), "ntfy": "ntfy" in form, "email": "email" in form}
    values |= {name: _text(form, name) for name in ADDITIONAL}
    return read_notify_change({name: values[name] for name in form.getlist("set") if isinstance(name, str) and name in values})


def problem_words(wording: Wording) -> dict[str, str]:
    """What is wrong with a field, by its name."""
    one_of = wording.gettext("One of the list.")
    return {
        "event": one_of,
        "ntfy": one_of,
        "email": one_of,
        "additional_event": one_of,
        "additional_emails": wording.gettext("Addresses such as kim@example.org, with commas between them."),
        "additional_topic": wording.gettext("Letters, digits, - and _, at most 64 of them."),
    }


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""

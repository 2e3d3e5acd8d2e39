"""The forms of a summary. In: its sections, plain values; out: plain text, Markdown, and HTML that every mail client shows: tables of
two or three columns with inline styles, which fit a phone. Everything that comes in is text and is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from duplistatus.notify.filling import Block, literal
from duplistatus.notify.mail_html import INK, LINE, LINK, MUTED, Kind, colors_of, sign_of

WIDTH = 500
"""Pixels of a picture where there is room for it."""
_PER_ROW = 3
"""Figures beside each other."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name; `kind` where it is one to look at."""

    label: str
    value: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    figures: Sequence[Figure]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A job: `main` and `where` say which, `right` and `aside` what of it; `sub` are further lines. `link`: an address, or empty."""

    main: str
    where: str
    right: str = ""
    aside: str = ""
    sub: tuple[str, ...] = ()
    kind: Kind | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """`rest`: what is said of those that are not listed; `link`: where they are. `brief`: channels for chats leave the rows out."""

    title: str
    rows: Sequence[Row]
    rest: str = ""
    link: str = ""
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A figure now and before, in each row."""

    title: str
    head: tuple[str, str, str]
    rows: Sequence[tuple[str, str, str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the mail by its name; `legend`: colours with what they mean."""

    title: str
    name: str
    description: str
    legend: Sequence[tuple[str, str]] = field(default_factory=tuple)


Section = Paragraph | Figures | Rows | Table | Picture


def block_of(sections: Sequence[Section]) -> Block:
    """The sections in all forms."""
    return Block(_joined(map(_text, sections), "\n\n"), _joined(map(_markdown, sections), "\n\n"), _joined(map(_html, sections), "\n"))


def _joined(parts: Iterable[str], between: str) -> str:
    return between.join(part for part in parts if part)


# --- plain text --------------------------------------------------------------------------------------------------------------------


def _text(section: Section) -> str:
    match section:
        case Paragraph():
            return section.text
        case Figures():
            lines = [f"  {figure.label}: {figure.value}" for figure in section.figures]
            return "\n".join([_headed(section.title), *lines, *([section.note] if section.note else [])])
        case Rows():
            lines = [line for row in section.rows for line in _text_row(row)]
            rest = _joined((section.rest, section.link), ": ") if section.rest else ""
            return "\n".join([_headed(section.title), *lines, *([f"  {rest}"] if rest else [])])
        case Table():
            lines = [f"  {label}: {now} ({section.head[2]}: {before})" for label, now, before in section.rows]
            return "\n".join([_headed(section.title), *lines, *([section.note] if section.note else [])])
        case Picture():
            return f"{section.title}\n  {section.description}"


def _headed(title: str) -> str:
    return f"{title}\n{'-' * min(60, len(title))}"


def _text_row(row: Row) -> list[str]:
    sign = f"{sign_of(row.kind)} " if row.kind and row.kind != "quiet" else ""
    told = _joined((row.right, row.aside), ", ")
    head = f"  {sign}{_joined((row.main, row.where), ' · ')}"
    return [head + (f": {told}" if told else ""), *(f"    {line}" for line in row.sub)]


# --- Markdown ----------------------------------------------------------------------------------------------------------------------


def _markdown(section: Section) -> str:
    match section:
        case Paragraph():
            return literal(section.text)
        case Figures():
            lines = [f"- {_plain(figure.label)}: **{_plain(figure.value)}**" for figure in section.figures]
            return f"**{_plain(section.title)}**\n\n" + "\n".join(lines)
        case Rows():
            if section.brief or not section.rows:
                return ""
            lines = [_markdown_row(row) for row in section.rows]
            rest = f"\n\n{literal(section.rest)}" if section.rest else ""
            return f"**{_plain(section.title)}**\n\n" + "\n".join(lines) + rest
        case Table():
            lines = [f"- {_plain(label)}: **{_plain(now)}** ({_plain(before)})" for label, now, before in section.rows]
            return f"**{_plain(section.title)}**\n\n" + "\n".join(lines)
        case Picture():
            # Pictures travel with mails alone, and those are HTML.
            return ""


def _plain(text: str) -> str:
    return literal(text, starts_line=False).replace("\n", " ")


def _markdown_row(row: Row) -> str:
    told = _joined((_plain(row.right), _plain(row.aside)), ", ")
    where = f" · {_plain(row.where)}" if row.where else ""
    lines = [f"- **{_plain(row.main)}**{where}" + (f": {told}" if told else ""), *(f"  {_plain(line)}" for line in row.sub)]
    return "\n".join(lines)


# --- HTML --------------------------------------------------------------------------------------------------------------------------

_TABLE = '<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;margin:0 0 16px 0;">'
_SMALL = "font-size:13px;line-height:18px;"


def _html(section: Section) -> str:
    match section:
        case Paragraph():
            return f'<p style="margin:0 0 14px 0;">{escape(section.text)}</p>'
        case Figures():
            return _title(section.title) + _figures(section.figures) + _note(section.note)
        case Rows():
            rows = "".join(map(_html_row, section.rows))
            return _title(section.title) + (f"{_TABLE}{rows}</table>" if rows else "") + _rest(section)
        case Table():
            return _title(section.title) + _compared(section) + _note(section.note)
        case Picture():
            return _picture(section)


def _title(text: str) -> str:
    return f'<h2 class="ink" style="margin:22px 0 8px 0;color:{INK};font-size:16px;line-height:22px;">{escape(text)}</h2>'


def _note(text: str) -> str:
    return f'<p class="muted" style="margin:-8px 0 16px 0;color:{MUTED};{_SMALL}">{escape(text)}</p>' if text else ""


def _figures(figures: Sequence[Figure]) -> str:
    rows = []
    for start in range(0, len(figures), _PER_ROW):
        row = [*figures[start : start + _PER_ROW]]
        cells = "".join(map(_figure, row)) + f'<td class="line" style="border-top:1px solid {LINE};"></td>' * (_PER_ROW - len(row))
        rows.append(f"<tr>{cells}</tr>")
    return f"{_TABLE}{''.join(rows)}</table>"


def _figure(figure: Figure) -> str:
    value = f'<span style="font-size:22px;line-height:28px;font-weight:700;">{escape(figure.value)}</span>'
    if figure.kind:
        value = f'<span class="{figure.kind}-ink" style="color:{colors_of(figure.kind)[1]};">{value}</span>'
    label = f'<span class="muted" style="color:{MUTED};{_SMALL}">{escape(figure.label)}</span>'
    cell = f"width:33%;padding:7px 8px 7px 0;border-top:1px solid {LINE};"
    return f'<td class="line" width="33%" valign="top" style="{cell}">{value}<br>{label}</td>'


def _html_row(row: Row) -> str:
    name = f"<b>{escape(row.main)}</b>"
    if row.link:
        name = f'<a class="ink" href="{escape(row.link, quote=True)}" style="color:{INK};text-decoration:none;">{name}</a>'
    where = f' <span class="muted" style="color:{MUTED};">{escape(row.where)}</span>' if row.where else ""
    subs = "".join(f'<br><span class="muted" style="color:{MUTED};{_SMALL}">{escape(line)}</span>' for line in row.sub)
    right = escape(row.right)
    if row.kind and right:
        sign = f'<span aria-hidden="true">{sign_of(row.kind)}</span>&nbsp;' if row.kind != "quiet" else ""
        right = f'<span class="{row.kind}-ink" style="color:{colors_of(row.kind)[1]};font-weight:600;">{sign}{right}</span>'
    aside = f'<br><span class="muted" style="color:{MUTED};{_SMALL}">{escape(row.aside)}</span>' if row.aside else ""
    cell = f"border-top:1px solid {LINE};font-size:14px;line-height:20px;"
    left = f'<td class="line" valign="top" style="padding:8px 10px 8px 0;{cell}">{name}{where}{subs}</td>'
    edge = f"width:34%;padding:8px 0;{cell}text-align:right;"
    return f'<tr>{left}<td class="line" width="34%" align="right" valign="top" style="{edge}">{right}{aside}</td></tr>'


def _rest(section: Rows) -> str:
    if not section.rest:
        return ""
    text = escape(section.rest)
    if section.link:
        text = f'<a class="link" href="{escape(section.link, quote=True)}" style="color:{LINK};">{text}</a>'
    return f'<p class="muted" style="margin:-6px 0 16px 0;color:{MUTED};font-size:14px;line-height:20px;">{text}</p>'


def _compared(table: Table) -> str:
    edge = f"padding:7px 0 7px 10px;border-top:1px solid {LINE};font-size:14px;line-height:20px;text-align:right;white-space:nowrap;"
    first = f"padding:7px 0;border-top:1px solid {LINE};font-size:14px;line-height:20px;text-align:left;font-weight:400;"
    head = f"padding:0 0 6px 10px;color:{MUTED};{_SMALL}text-align:right;font-weight:400;"
    rows = [
        f'<tr><td></td><th scope="col" class="muted" align="right" style="{head}">{escape(table.head[1])}</th>'
        f'<th scope="col" class="muted" align="right" style="{head}">{escape(table.head[2])}</th></tr>'
    ]
    for label, now, before in table.rows:
        rows.append(
            f'<tr><th scope="row" class="muted line" align="left" valign="top" style="{first}color:{MUTED};">{escape(label)}</th>'
            f'<td class="ink line" align="right" valign="top" style="{edge}color:{INK};font-weight:600;">{escape(now)}</td>'
            f'<td class="muted line" align="right" valign="top" style="{edge}color:{MUTED};">{escape(before)}</td></tr>'
        )
    return f"{_TABLE}{''.join(rows)}</table>"


def _picture(picture: Picture) -> str:
    legend = "".join(
        f'<span style="display:inline-block;width:10px;height:10px;background:{color};border-radius:2px;"></span> '
        f'<span class="muted" style="color:{MUTED};{_SMALL}">{escape(text)}</span>&nbsp;&nbsp; '
        for color, text in picture.legend
    )
    told = f'<p style="margin:0 0 6px 0;{_SMALL}">{legend}</p>' if legend else ""
    source, description = escape(picture.name, quote=True), escape(picture.description, quote=True)
    style = f"display:block;width:100%;max-width:{WIDTH}px;height:auto;border:0;border-radius:6px;"
    image = f'<img src="cid:{source}" alt="{description}" width="{WIDTH}" style="{style}">'
    return f'{_title(picture.title)}{told}<p style="margin:0 0 16px 0;">{image}</p>'

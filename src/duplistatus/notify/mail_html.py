"""The frame of HTML mails: what every mail client shows. In: a state, a title, a body of HTML that is safe already, facts, a link; out: a
whole document of tables with inline styles, 600 pixels wide at most. The only style sheet in it makes it dark for readers who like
that; clients that drop it, or turn colours over by themselves, leave a mail that can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Literal, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

Kind = Literal["ok", "warn", "error", "late", "quiet"]

FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"
INK, MUTED, LINE, LINK = "#1b2430", "#566070", "#dde1e7", "#0b5cad"


class _Colors(NamedTuple):
    """Of a state: the ground of its band, the words on it, the disc of its sign; the first two again for dark mails."""

    ground: str
    ink: str
    disc: str
    dark_ground: str
    dark_ink: str


# The words keep at least 4.5:1 on their grounds, also when a client turns light and dark over.
_COLORS: dict[Kind, _Colors] = {
    "ok": _Colors("#e6f5ec", "#11603a", "#1c8a55", "#12301f", "#8fe0b4"),
    "warn": _Colors("#fdf1d8", "#774600", "#a86a00", "#3a2a0c", "#f4cd7c"),
    "error": _Colors("#fdeaea", "#9d1b1b", "#c93131", "#431a1a", "#ffb1ab"),
    "late": _Colors("#f8e9fb", "#7e1d97", "#a138bb", "#381a42", "#e9b3f8"),
    "quiet": _Colors("#eceff3", "#46505f", "#6b7686", "#252c38", "#c3cad5"),
}
_SIGNS: dict[Kind, str] = {"ok": "✓", "warn": "!", "error": "✕", "late": "…", "quiet": "–"}

# What `styled` gives each tag. Classes are for the dark style sheet alone.
_STYLES: dict[str, str] = {
    "p": "margin:0 0 14px 0;",
    "ul": "margin:0 0 14px 0;padding:0 0 0 22px;",
    "ol": "margin:0 0 14px 0;padding:0 0 0 22px;",
    "li": "margin:0 0 6px 0;",
    "h1": "margin:20px 0 10px 0;font-size:19px;line-height:26px;",
    "h2": "margin:20px 0 10px 0;font-size:17px;line-height:24px;",
    "h3": "margin:18px 0 8px 0;font-size:15px;line-height:22px;",
    "blockquote": f"margin:0 0 14px 0;padding:2px 0 2px 12px;border-left:3px solid {LINE};",
    "hr": f"margin:18px 0;border:0;border-top:1px solid {LINE};",
    "a": f"color:{LINK};text-decoration:underline;",
    "code": f"font-family:{MONO};font-size:13px;",
    "pre": (
        f"margin:0 0 14px 0;padding:10px 12px;background:#f1f3f6;border-radius:6px;font-family:{MONO};font-size:13px;line-height:19px;"
        f"color:{INK};white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word;"
    ),
}
_CLASSES = {"a": "link", "pre": "code"}
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
# Half a line at most is a label; one that ends a sentence before the colon is none.
_LABELLED = re.compile(r"([^<>:：.!?]{1,40}?)[ \u00a0\u202f]?[:：](?!//)\s*(\S.*)", re.DOTALL)
_FEWEST_FACTS = 2
_OPENING = re.compile(rf"<({'|'.join(sorted(_STYLES, key=len, reverse=True))})(?=[ >])")
_BUTTON = (
    f"display:inline-block;padding:10px 18px;background:{LINK};border:1px solid {LINK};border-radius:6px;color:#ffffff;"
    "font-weight:600;text-decoration:none;"
)


@dataclass(frozen=True, slots=True)
class Band:
    """The state that a mail begins with: `kind` gives colour and sign, `word` says it."""

    kind: Kind
    word: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the table of facts. `kind`: the state that the value is of, where it is one."""

    label: str
    value: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Where to look: an address that is safe to link to, and what the button says."""

    url: str
    text: str


def mail(
    language: str,
    title: str,
    band: Band,
    body: str,
    *,
    preheader: str = "",
    facts: Sequence[Fact] = (),
    link: Link | None = None,
    footer: Sequence[str] = (),
) -> str:
    """The document. `body` is HTML that is safe and has its styles (see `styled`); all else is text. `language`: a BCP 47 tag;
    `preheader`: what lists of mails show after the subject; `footer`: sentences, such as why somebody gets this."""
    return _frame().render(
        language=language,
        title=title,
        band=band,
        sign=_SIGNS[band.kind],
        colors=_COLORS,
        body=Markup(body),  # noqa: S704 - that it is safe is the caller's part
        preheader=preheader,
        facts=Markup(facts_table(facts)) if facts else "",  # noqa: S704 - made of escaped values
        link=link,
        button=_BUTTON,
        footer=footer,
        font=FONT,
        ink=INK,
        muted=MUTED,
        line=LINE,
    )


def styled(html: str, button_url: str = "") -> str:
    """Sanitised HTML with inline styles. A paragraph that is nothing but a link to `button_url` becomes a button; one of which every line
    is a label, a colon and a value becomes a table. In: tags without attributes but for the address of links, every other `<` escaped,
    as a sanitiser leaves them."""
    made = _PARAGRAPH.sub(lambda found: _facts_of(found[1]) or found[0], html)
    made = _OPENING.sub(lambda found: f'<{found[1]} style="{_STYLES[found[1]]}"' + _class(_CLASSES.get(found[1])), made)
    if button_url:
        href = escape(button_url, quote=True)
        opening = paragraph(f'<a style="{_STYLES["a"]}" class="link" href="{href}">').removesuffix("</p>")
        made = re.sub(
            re.escape(opening) + r"([^<]*)</a></p>",
            lambda found: f'<p style="margin:18px 0 14px 0;"><a style="{_BUTTON}" class="button" href="{href}">{found[1]}</a></p>',
            made,
        )
    return made


def paragraph(html: str) -> str:
    """A paragraph as `styled` makes it."""
    return f'<p style="{_STYLES["p"]}">{html}</p>'


def preformatted(html: str) -> str:
    """Lines of code as `styled` makes them."""
    return f'<pre style="{_STYLES["pre"]}" class="code">{html}</pre>'


def facts_table(facts: Sequence[Fact]) -> str:
    """A table of facts, whose labels and values are text."""
    return _table([_row(escape(fact.label), escape(fact.value), fact.kind) for fact in facts])


def _facts_of(lines: str) -> str:
    """The table of a paragraph of labels with values; empty where it is none."""
    found = [_LABELLED.fullmatch(line.strip()) for line in lines.split("<br>")]
    rows = [_row(each[1], each[2], None) for each in found if each is not None]
    return _table(rows) if len(rows) == len(found) >= _FEWEST_FACTS else ""


def _table(rows: Sequence[str]) -> str:
    style = f"margin:0 0 14px 0;border-collapse:collapse;font-family:{FONT};font-size:14px;line-height:20px;"
    return f'<table width="100%" cellpadding="0" cellspacing="0" border="0" style="{style}">{"".join(rows)}</table>'


def _row(label: str, value: str, kind: Kind | None) -> str:
    """`label` and `value`: HTML that is safe."""
    ink = f"color:{_COLORS[kind].ink};font-weight:600;" if kind else f"color:{INK};"
    return (
        f'<tr><th scope="row" class="muted line" align="left" valign="top" width="40%" style="width:40%;padding:7px 10px 7px 0;'
        f'border-top:1px solid {LINE};color:{MUTED};font-weight:400;text-align:left;">{label}</th>'
        f'<td class="{kind + "-ink" if kind else "ink"} line" valign="top" style="padding:7px 0;border-top:1px solid {LINE};{ink}'
        f'overflow-wrap:anywhere;word-break:break-word;">{value}</td></tr>'
    )


def colors_of(kind: Kind) -> tuple[str, str]:
    """Ground and ink of a state in a light mail; elements that use them take the classes `<kind>-ground` and `<kind>-ink`, by which
    a dark mail changes them."""
    return _COLORS[kind].ground, _COLORS[kind].ink


def sign_of(kind: Kind) -> str:
    """The sign of a state: one character."""
    return _SIGNS[kind]


def _class(name: str | None) -> str:
    return f' class="{name}"' if name else ""


@lru_cache(maxsize=1)
def _frame() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("mail_frame.html")

"""The frame of HTML mails: what every mail client shows. In: a state, a title, a body of HTML that is safe already, facts, a link; out: a
whole document of tables with inline styles, 600 pixels wide at most. The only style sheet in it makes it dark for readers who like
that; clients that drop it, or turn colours over by themselves, leave a mail that can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
        facts=facts,
        link=link,
        button=_BUTTON,
        footer=footer,
        font=FONT,
        mono=MONO,
        ink=INK,
        muted=MUTED,
        line=LINE,
        link_color=LINK,
    )


def styled(html: str, button_url: str = "") -> str:
    """Sanitised HTML with inline styles. A paragraph that is nothing but a link to `button_url` becomes a button. In: tags without
    attributes but for the address of links, every other `<` escaped, as a sanitiser leaves them."""
    made = _OPENING.sub(lambda found: f'<{found[1]} style="{_STYLES[found[1]]}"' + _class(_CLASSES.get(found[1])), html)
    if button_url:
        from html import escape

        href = escape(button_url, quote=True)
        opening = f'<p style="{_STYLES["p"]}"><a style="{_STYLES["a"]}" class="link" href="{href}"'
        made = re.sub(
            re.escape(opening) + r"( [^<>]*)?>([^<]*)</a></p>",
            lambda found: f'<p style="margin:18px 0 14px 0;"><a style="{_BUTTON}" class="button" href="{href}">{found[2]}</a></p>',
            made,
        )
    return made


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

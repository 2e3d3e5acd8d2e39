"""Markdown of messages in its other forms. In: Markdown that people wrote, with values that stand literally in it; out: HTML that is safe
in a mail, and plain text. Of Markdown there are paragraphs, line breaks, emphasis, headings, lists, quotations, rules, code and links;
no HTML, no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_INLINE = {"br", "em", "strong", "s", "code", "a"}
_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "pre"}
_SCHEMES = {"http", "https", "mailto"}
_BULLET, _RULE = "•", "———"


def html_of(markdown: str) -> str:
    """Sanitised HTML: these tags alone, and no attribute but the address of a link."""
    parser = _parser()
    return sanitised(parser.renderer.render(_parsed(markdown), parser.options, {}))


def sanitised(html: str) -> str:
    """HTML without anything but the tags that Markdown makes."""
    import nh3

    return nh3.clean(
        html,
        tags=_INLINE | _BLOCKS,
        attributes={"a": {"href"}, "*": set()},
        attribute_filter=_absolute,
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _absolute(_tag: str, _attribute: str, address: str) -> str | None:
    """The address where it says by itself where it leads: in a mail there is no page that it could begin at."""
    return address if address.partition(":")[0].lower() in _SCHEMES else None


def text_of(markdown: str) -> str:
    """Plain text: the signs of Markdown are gone, a link is followed by its address."""
    lines: list[str] = []
    _blocks(_parsed(markdown), lines)
    return "\n".join(lines).strip("\n")


@lru_cache(maxsize=2)
def _parsed(markdown: str) -> list[Token]:
    """Both forms of a message are made of one reading."""
    return _parser().parse(markdown)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Without indented code: an indented line in a form is a line.
    return (
        MarkdownIt("commonmark", {"html": False, "breaks": True})
        .enable("strikethrough")
        .disable(["code", "image", "html_block", "html_inline", "reference"])
    )


def _blocks(tokens: Sequence[Token], lines: list[str]) -> None:
    """Appends the lines of blocks."""
    page = _Page(lines)
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                page.numbers.append(None)
            case "ordered_list_open":
                page.numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                page.numbers.pop()
                page.end()
            case "list_item_open":
                page.begin_item()
            case "blockquote_open":
                page.quotes += 1
            case "blockquote_close":
                page.quotes -= 1
                page.end()
            case "inline":
                page.put(_inline(token.children or []))
            case "fence" | "hr":
                page.put(token.content.rstrip("\n") or _RULE)
                page.end()
            case "paragraph_close" | "heading_close":
                page.end()
            case _:
                pass


class _Page:
    """Lines, and in which quotations and lists the next one stands. `numbers`: of the lists around it, None for one without."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.numbers: list[int | None] = []
        self.quotes = 0
        self._marker = ""

    def begin_item(self) -> None:
        number = self.numbers[-1]
        self._marker = f"{_BULLET} " if number is None else f"{number}. "
        if number is not None:
            self.numbers[-1] = number + 1

    def put(self, text: str) -> None:
        indent = "> " * self.quotes + "  " * max(0, len(self.numbers) - 1)
        for line in text.split("\n"):
            self.lines.append(indent + (self._marker or ("  " if self.numbers else "")) + line)
            self._marker = ""

    def end(self) -> None:
        """A blank line, but not within a list or a quotation."""
        if not self.numbers and not self.quotes and self.lines and self.lines[-1]:
            self.lines.append("")


def _inline(children: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for child in children:
        if child.type == "link_open":
            links.append((str(child.attrs.get("href", "")), len(parts)))
        elif child.type == "link_close":
            address, begin = links.pop()
            label = "".join(parts[begin:])
            same = label == address or _parser().normalizeLinkText(address) == label
            parts[begin:] = [address if same or not label else f"{label} ({address})"]
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        else:
            parts.append(child.content)
    return "".join(parts)

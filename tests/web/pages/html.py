"""HTML as a tree, with what tests ask of a page: elements by tag, id, class or attribute, and the text that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

_VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Element:
    """An element; its text is in `parts` between its children."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        for part in self.parts:
            if isinstance(part, Element):
                yield part
                yield from part

    @property
    def raw_text(self) -> str:
        return "".join(part if isinstance(part, str) else part.raw_text for part in self.parts)

    @property
    def text(self) -> str:
        """The text with single spaces."""
        return " ".join(self.raw_text.split())

    def all(self, tag: str = "", *, has: str = "", **attributes: str) -> list[Element]:
        """The elements of a tag that have the class `has` and these attributes (`data_part` means `data-part`)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            each
            for each in self
            if tag in {"", each.tag}
            and (not has or has in each.attributes.get("class", "").split())
            and all(each.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str = "", *, has: str = "", **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, has=has, **attributes)
        return found

    @property
    def rows(self) -> list[list[str]]:
        """The texts of the cells of the body of its table."""
        return [[cell.text for cell in row.all("td")] for row in self.one("tbody").all("tr")]

    @property
    def facts(self) -> dict[str, str]:
        """Names and values of its lists of facts; a name that comes again has the last value."""
        pairs = [(each.all("dt")[0].text, " ".join(value.text for value in each.all("dd"))) for each in self.all("div") if each.all("dt")]
        return dict(pairs)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(made)
        if tag not in _VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].parts.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1:
            if self._open.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def read(answer: Response) -> Element:
    """The page of an answer, which must be one."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    return tree(answer.text)


def tree(text: str) -> Element:
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.root

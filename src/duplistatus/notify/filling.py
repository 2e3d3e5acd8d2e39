"""Variables of a template become values. In: a text with variables, and values; out: a title, or Markdown in which every value stands
literally, whatever signs are in it. Nothing of a value is read as a variable again, and a variable that is not known stays as it is
written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote, urlsplit

from duplistatus.evaluate.template import VARIABLE

UNKNOWN = "–"
"""What stands in a sentence for a number that nobody knows."""
_LONGEST_TITLE = 250
_BLOCK_BEGIN, _BLOCK_END = "\ue000", "\ue001"
"""Around the name of a block, until it is put in; no text holds them before."""

# A link whose address is a variable, or a variable.
_PIECE = re.compile(r"\[(?P<label>[^\[\]\n]*)\]\(\{(?P<target>[A-Za-z][A-Za-z0-9_]*)\}\)|\{(?P<name>[A-Za-z][A-Za-z0-9_]*)\}")
_ALONE = re.compile(r"\s*\{([A-Za-z][A-Za-z0-9_]*)\}\s*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SIGNS = re.compile(r"[\\`*\[\]<>~|]|&(?=[#A-Za-z]|$)|(?<![^\W_])_|_(?![^\W_])|!(?=\[|$)|(?:(?<=\s)|(?<![\s\S]))#(?=#*$)")
_AT_LINE_START = re.compile(r"([#+=-])|(\d+)([.)])")
_MARKERS = re.compile(r"[\s>*+\-\d.)#]*")
_NEVER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000\ue001]")
"""Control characters, those that turn the direction of the text around them, and the signs of blocks."""
_BLANKS = re.compile(r"[ \t]+")
"""Those that a number and its unit are not parted by stay."""
_REST = re.compile(r"[\s*_()（）\[\]>#+–-]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a message that is more than a text: each of its forms is ready for its place."""

    text: str
    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class Value:
    """What stands for a variable. `is_empty`: there is nothing to say, so that a line of which nothing else is left goes; `is_url`: where
    it is a web address it becomes a link; `block`: what stands there where the variable has a line of its own."""

    text: str
    is_empty: bool = False
    is_url: bool = False
    block: Block | None = None


NOTHING = Value(UNKNOWN, is_empty=True)
"""A fact that is not known."""
BLANK = Value("", is_empty=True)
"""A text that nobody wrote."""

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Filled:
    """A message: `markdown` to be sent as it is, `source` to be rendered, in which blocks are only named."""

    markdown: str
    source: str
    blocks: Mapping[str, Block]


def fill_title(title: str, values: Values) -> str:
    """The title in one line of plain text."""
    made = VARIABLE.sub(lambda found: values[found[1]].text if found[1] in values else found[0], _NEVER.sub("", title))
    return " ".join(_NEVER.sub("", made).split())[:_LONGEST_TITLE]


def fill(message: str, values: Values) -> Filled:
    """The message as Markdown. A line goes when all its variables have nothing to say and nothing but a label is left of it; a label on
    the line before a block goes with the block."""
    lines: list[str] = []
    blocks: dict[str, Block] = {}
    fence = ""
    for line in _NEVER.sub("", message).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not line.strip(" `~") else fence
            lines.append(_raw(line, values, fence or "```"))
            continue
        if mark:
            fence = mark[1][:3]
        alone = _ALONE.fullmatch(line)
        value = values.get(alone[1]) if alone else None
        if alone and value and value.block is not None:
            if not value.is_empty:
                blocks[alone[1]] = value.block
                lines += ["", _BLOCK_BEGIN + alone[1] + _BLOCK_END, ""]
                continue
            while lines and not lines[-1].strip():
                lines.pop()
            if lines and _is_label(lines[-1]):
                lines.pop()
            continue
        if not _has_nothing_to_say(line, values):
            lines.append(_filled_line(line, values))
    source = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    markdown = put_blocks(_with_hard_breaks(source), {name: block.markdown for name, block in blocks.items()})
    return Filled(markdown, source, blocks)


def put_blocks(text: str, blocks: Mapping[str, str], around: Callable[[str], str] = lambda sign: sign) -> str:
    """The text with its blocks. `around`: what the sign of a block has become in it."""
    for name, block in blocks.items():
        text = text.replace(around(_BLOCK_BEGIN + name + _BLOCK_END), block)
    return text


def literal(text: str, *, starts_line: bool = True) -> str:
    """A text as Markdown that shows it as it is; its line breaks stay, blank lines and blanks around lines do not."""
    lines = [_BLANKS.sub(" ", line).strip() for line in _NEVER.sub("", text).splitlines()]
    return "\n".join(_literal_line(line, starts_line=starts_line or index > 0) for index, line in enumerate(filter(None, lines)))


def web_address(text: str) -> str:
    """The address as it can stand in a link, where it is one of the web; else empty."""
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    return quote(text.strip(), safe="!#$%&'*+,/:=?@[]~._-")


def _filled_line(line: str, values: Values) -> str:
    def put(found: re.Match[str]) -> str:
        before = line[: found.start()]
        if _in_code(before):
            return _raw(found[0], values, "`")
        if (target := found["target"]) is not None:
            if target not in values or not values[target].is_url:
                return (
                    _filled_line(f"[{found['label']}]", values)
                    + f"({literal(values[target].text) if target in values else f'{{{target}}}'})"
                )
            address = web_address(values[target].text)
            return f"[{_filled_line(found['label'], values)}]({address})" if address else ""
        value = values.get(found["name"])
        if value is None:
            return found[0]
        if value.is_url and (address := web_address(value.text)):
            return address if before.endswith("](") else f"<{address}>"
        return literal(value.text, starts_line=_MARKERS.fullmatch(before) is not None)

    return _PIECE.sub(put, line)


def _raw(line: str, values: Values, fence: str) -> str:
    """A line of code: values as they are, but for what would end the code."""
    sign = fence[0]
    return VARIABLE.sub(lambda found: _NEVER.sub("", values[found[1]].text).replace(sign, "ʼ") if found[1] in values else found[0], line)


def _literal_line(line: str, *, starts_line: bool) -> str:
    escaped = _SIGNS.sub(lambda found: "\\" + found[0], line)
    if starts_line and (found := _AT_LINE_START.match(escaped)):
        return "\\" + escaped if found[1] else f"{found[2]}\\{found[3]}{escaped[found.end() :]}"
    return escaped


def _has_nothing_to_say(line: str, values: Values) -> bool:
    names = [found["target"] or found["name"] for found in _PIECE.finditer(line)]
    named = [values[name] for name in names if name in values]
    if not named or len(named) < len(names) or not all(value.is_empty for value in named):
        return False
    rest = _REST.sub("", _PIECE.sub("", line))
    return not rest or rest.endswith((":", "："))


def _with_hard_breaks(source: str) -> str:
    """Two blanks at the end of lines that others follow: not every reader of Markdown breaks lines where they are broken."""
    lines = source.split("\n")
    code = False
    for index, (line, following) in enumerate(pairwise(lines)):
        code ^= _FENCE.match(line) is not None
        if not code and line.strip() and following.strip() and _FENCE.match(line) is None:
            lines[index] = line + "  "
    return "\n".join(lines)


def _is_label(line: str) -> bool:
    return line.rstrip(" *_").endswith((":", "：")) and VARIABLE.search(line) is None


def _in_code(before: str) -> bool:
    return before.replace("\\`", "").count("`") % 2 == 1

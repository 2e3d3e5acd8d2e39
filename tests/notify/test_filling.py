"""Variables become values that stand literally in every form of a message, whatever is in them."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from duplistatus.notify.filling import BLANK, NOTHING, Block, Value, fill, fill_title, put_blocks, web_address
from duplistatus.notify.mail_html import paragraph, styled
from duplistatus.notify.markdown import html_of, text_of

EMPTY_LINK = Value("", is_empty=True, is_url=True)
SIGNS = st.text(alphabet=st.sampled_from(list("*_`~<>[]()!#&;:{}|\\+-=.1aB é的\"'/@")), max_size=30)
ANY = st.one_of(SIGNS, st.text(max_size=40))
TAGS = {"p", "br", "em", "strong", "s", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "code", "pre", "a"}


def text(message: str, **values: Value) -> str:
    return text_of(fill(message, values).source)


def html(message: str, **values: Value) -> str:
    return html_of(fill(message, values).source)


class Reader(HTMLParser):
    """What a browser would find in HTML: tags with their attributes, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(source: str) -> Reader:
    reader = Reader()
    reader.feed(source)
    reader.close()
    return reader


def shown(value: str) -> str:
    """A value as one reads it: control characters and signs of direction are gone, blanks are one."""
    kept = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000\ue001]", "", value)
    return " ".join(kept.split())


@given(value=ANY)
@example(value="*x*_<script>alert(1)</script>")
@example(value="# title")
@example(value="1. one")
@example(value="12) twelve")
@example(value="- - -")
@example(value="=====")
@example(value="&copy; &#60;")
@example(value="![x](http://a.example/b.png)")
@example(value="<http://a.example>")
@example(value="a\\")
@example(value="~~~")
@example(value="a #")
@example(value="{b}")
@pytest.mark.parametrize(
    "message", ["{a}", "x {a} y", "**{a}** z", "- {a}", "> {a}", "1. {a}", "## {a}", "## b {a}", "[{a}](https://b.example/)"]
)
def test_a_value_stands_literally_wherever_it_is_put(message: str, value: str) -> None:
    value = shown(value)
    if not value:
        return
    found = read(html(message, a=Value(value), b=Value("never")))
    assert value in " ".join(found.text.split())
    assert value in " ".join(text(message, a=Value(value), b=Value("never")).split())


@given(values=st.lists(ANY, min_size=1, max_size=4), template=ANY)
def test_no_html_gets_through_any_variable_or_template(values: list[str], template: str) -> None:
    message = "{v0} **{v0}** " + template + " {v1} [x]({v2}) `{v3}`\n```\n{v0}\n```\n{u} [{v0}]({u})\n{v1}"
    filled = {f"v{index}": Value(value) for index, value in enumerate(values)} | {"u": Value(values[-1], is_url=True)}
    source = fill(message, filled).source
    for made in (html_of(source), styled(html_of(source), "https://x.example/")):
        for tag, attributes in read(made).tags:
            assert tag in TAGS | {"table", "tr", "th", "td", "tbody"}
            href = attributes.get("href")
            assert href is None or href.startswith(("http://", "https://", "mailto:")), href
            assert not [name for name in attributes if name.startswith("on") or name == "src"]


@given(value=ANY)
def test_a_title_is_one_line_in_which_values_stand_as_they_are(value: str) -> None:
    assert fill_title("A: {v} {v2}", {"v": Value(value)}) == shown(f"A: {shown(value)} {{v2}}")[:250].strip()


@given(value=ANY)
def test_code_shows_values_without_signs_of_escape(value: str) -> None:
    inside = " ".join(shown(value).replace("`", "ʼ").split())
    if inside:
        assert inside in " ".join(read(html("x `{v}` y", v=Value(shown(value)))).text.split())


@given(lines=st.lists(SIGNS, min_size=1, max_size=5))
def test_a_block_of_code_ends_where_the_template_says(lines: list[str]) -> None:
    made = html("```\n{v}\n```\nafter", v=Value("\n".join(lines)))
    assert re.fullmatch(r"<pre><code>.*</code></pre>\n<p>after</p>\n", made, re.DOTALL)


def test_a_variable_that_is_not_known_stays_as_it_is_written() -> None:
    assert text("{a} {unknown} {not one} {}", a=Value("1")) == "1 {unknown} {not one} {}"
    assert fill_title("{a} {unknown}", {"a": Value("1")}) == "1 {unknown}"


def test_nothing_in_a_value_is_a_variable() -> None:
    assert text("{a}", a=Value("{b}"), b=Value("secret")) == "{b}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Note: {note}\nnext", "next"),
        ("Last: {gone} ({gone})\nnext", "next"),
        ("上次：{gone}（{gone}）\nnext", "next"),
        ("- **Note:** {note}\n- next", "• next"),
        ("[Show]({link})\n\nnext", "next"),
        ("It took {gone}.\nnext", "It took –.\nnext"),
        ("Look at once {note}\nnext", "Look at once\nnext"),
        ("{note} {known}\nnext", "1\nnext"),
        ("Note: {note} {unknown}\nnext", "Note:  {unknown}\nnext"),
        ("[Show]({link}) or ask\nnext", "or ask\nnext"),
    ],
)
def test_a_line_of_which_nothing_but_a_label_is_left_goes(message: str, expected: str) -> None:
    values = {"note": BLANK, "gone": NOTHING, "link": EMPTY_LINK, "known": Value("1")}
    assert "\n".join(" ".join(line.split()) for line in text(message, **values).splitlines()) == "\n".join(
        " ".join(line.split()) for line in expected.splitlines()
    )


def test_a_block_on_a_line_of_its_own_has_its_own_form_in_each() -> None:
    block = Block("plain", "```\nmark\n```", "<pre>html</pre>")
    filled = fill("Before:\n{log}\nafter", {"log": Value("plain", block=block)})
    assert filled.markdown == "Before:\n\n```\nmark\n```\n\nafter"
    assert put_blocks(text_of(filled.source), {"log": block.text}) == "Before:\n\nplain\n\nafter"
    made = put_blocks(styled(html_of(filled.source)), {"log": block.html}, paragraph)
    assert made == f"{paragraph('Before:')}\n<pre>html</pre>\n{paragraph('after')}\n"


def test_a_block_with_nothing_to_say_goes_with_the_label_before_it() -> None:
    value = Value("", is_empty=True, block=Block("", "", ""))
    assert text("One.\n\nWhat it says:\n{log}\n\nafter", log=value) == "One.\n\nafter"
    assert text("One.\n{log}\nafter", log=value) == "One.\nafter"


def test_a_block_within_a_line_is_its_text() -> None:
    value = Value("a\n# b", block=Block("a\n# b", "never", "never"))
    assert text("Log: {log}", log=value) == "Log: a\n# b"


def test_an_address_becomes_a_link_and_can_be_the_target_of_one() -> None:
    address = Value("https://h.example/a(b)?x=1&y=2", is_url=True)
    assert unescape(html("{u}", u=address)).count('href="https://h.example/a%28b%29?x=1&y=2"') == 1
    assert text("[Go]({u})", u=address) == "Go (https://h.example/a%28b%29?x=1&y=2)"
    assert text("{u}", u=address) == "https://h.example/a%28b%29?x=1&y=2"
    assert fill("[Go]({u})", {"u": address}).markdown == "[Go](https://h.example/a%28b%29?x=1&y=2)"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://h.example", "//h.example", "x", "https://"])
def test_what_is_no_address_of_the_web_is_never_a_link(address: str) -> None:
    assert web_address(address) == ""
    made = html("[Go]({u}) and {u}", u=Value(address, is_url=True))
    assert "<a" not in made
    assert shown(address) in read(made).text


def test_lines_that_belong_together_break_in_every_reader_of_markdown() -> None:
    assert fill("a: 1\nb: 2\n\nc", {}).markdown == "a: 1  \nb: 2\n\nc"
    assert fill("```\na\nb\n```", {}).markdown == "```\na\nb\n```"

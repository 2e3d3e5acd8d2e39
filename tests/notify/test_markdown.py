"""Markdown as plain text and as HTML."""

from __future__ import annotations

import pytest

from duplistatus.notify.markdown import html_of, sanitised, text_of


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**a** *b* `c` ~~d~~", "a b c d"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("# Title\ntext", "Title\n\ntext"),
        ("- a\n- b\n  - c\n\nend", "• a\n• b\n  • c\n\nend"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> quoted\n> more\n\nend", "> quoted\n> more\n\nend"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("```\n  code *x*\n```", "  code *x*"),
        ("[there](https://h.example/x)", "there (https://h.example/x)"),
        ("<https://h.example/x>", "https://h.example/x"),
        ("[a **b**](https://h.example/)", "a b (https://h.example/)"),
        ("    indented", "indented"),
        ("<b>x</b>", "<b>x</b>"),
    ],
)
def test_plain_text_has_no_signs_of_markdown(markdown: str, text: str) -> None:
    assert text_of(markdown) == text


def test_html_of_a_template_is_shown_and_not_obeyed() -> None:
    assert html_of("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    assert html_of("![x](https://h.example/x.png)") == '<p>!<a href="https://h.example/x.png">x</a></p>\n'
    assert "href" not in html_of("[x](javascript:alert(1))")


def test_the_sanitiser_leaves_nothing_else() -> None:
    sent = (
        '<p style="x" onclick="y">a<img src=x onerror=z><a href="javascript:1" title="t">b</a><script>c</script><iframe src=d></iframe></p>'
    )
    assert sanitised(sent) == "<p>a<a>b</a></p>"

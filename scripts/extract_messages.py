"""Writes `messages.pot`: every text of templates and code that goes through gettext, for translators. In: the package's files; out: the
template of catalogues, without dates and line numbers, so that it changes only when a text does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

PACKAGE = Path(__file__).parent.parent / "src" / "duplistatus"
TEMPLATE = PACKAGE / "i18n" / "catalogues" / "messages.pot"
_METHODS = [("**.py", "python"), ("web/templates/**.html", "jinja2")]
_OPTIONS = {"web/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}


def extracted() -> Catalog:
    """All texts, in the order of files and lines."""
    catalog = Catalog(project="duplistatus", charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(PACKAGE, _METHODS, _OPTIONS):
        catalog.add(message, locations=[(f"src/duplistatus/{Path(file).as_posix()}", 0)], auto_comments=comments, context=context)
    return catalog


def template_text() -> str:
    """The file's text."""
    out = BytesIO()
    write_po(out, extracted(), width=120, omit_header=True, include_lineno=False, sort_by_file=True)
    return out.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(template_text(), encoding="utf-8")

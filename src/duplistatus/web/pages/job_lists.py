"""What the pages share that list jobs with a form each: the part of the list that somebody looks at travels with every form, so that
they come back to it. In: the fields of a form; out: what they say of the list, and the way back."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.web.body import whole_number
from duplistatus.web.context import context

LONGEST_QUERY = 200
_PAGE_DIGITS = 6


def text_of(form: FormData, name: str) -> str:
    """A field's text; empty where it is missing, or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def query_of(form: FormData) -> str:
    """By which words the list is filtered."""
    return text_of(form, "q")[:LONGEST_QUERY]


def page_number(form: FormData) -> int:
    """The page of the list, from 1 on."""
    return whole_number(text_of(form, "p"), _PAGE_DIGITS) or 1


def by_script(request: Request) -> bool:
    """Whether a script asks, which puts what changed in its place, rather than a browser, which wants a page."""
    return "hx-request" in request.headers


def back_to(request: Request, path: str, form: FormData, *, anchor: str = "", **told: object) -> Response:
    """To the same part of the list. `told`: what the page says has been done."""
    words = {"q": query_of(form), "p": page_number(form)} | told
    query = urlencode({name: value for name, value in words.items() if value not in {"", 1} or name == "changed"})
    address = context(request).settings.root_path + path + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")
    return RedirectResponse(address, status_code=303)

"""Pages for what cannot be shown. In: a status and a sentence; out: HTML in the look of the product. Addresses with a language in front,
as 1.4.2 has them (`/de/settings?tab=x`), lead to the page itself and keep the language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.i18n.languages import language_of
from duplistatus.web.access import Access, Caller, Refused, guarded
from duplistatus.web.context import context
from duplistatus.web.pages.rendering import LANGUAGE_COOKIE, page, reader_of

router = APIRouter(include_in_schema=False)

_YEAR_SECONDS = 365 * 86_400


class _LanguageInFront(Convertor[str]):
    """The first part of an address where it is a language, so that the routes below touch no other address."""

    regex = "en-GB|en-US|en|de|fr|es|pt-BR|pt|hi-Latn|hi|zh-Hans|zh-CN|zh"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("language", _LanguageInFront())


def error_page(request: Request, status: int, sentence: str) -> Response:
    """The page of a refusal. `sentence` says why; for a page that is not there the look of it is enough."""
    wording = reader_of(request).wording
    titles = {
        403: wording.gettext("Not for this account"),
        404: wording.gettext("There is nothing here"),
        500: wording.gettext("Something went wrong here"),
        503: wording.gettext("Not possible at the moment"),
    }
    texts = {
        404: wording.gettext("The server, job or run may have been removed, or the address is wrong."),
        500: wording.gettext("The log of the product says more."),
    }
    title = titles.get(status, wording.gettext("That did not work"))
    return page(request, "error.html", None, status=status, title=title, text=texts.get(status, sentence))


@router.get("/{language:language}")
@router.get("/{language:language}/{path:path}")
async def leave_language(request: Request, language: str, caller: Annotated[Caller, guarded(Access.OPEN)], path: str = "") -> Response:
    """The same page without the language in its address. 308: the request stays what it was."""
    chosen = language_of(language)
    if chosen is None or path.startswith(("/", "\\")):
        raise Refused(404, "Not found", "not_found")
    root = context(request).settings.root_path
    query = request.url.query
    response = RedirectResponse(f"{root}/{path}" + (f"?{query}" if query else ""), status_code=308)
    response.set_cookie(LANGUAGE_COOKIE, chosen.code, max_age=_YEAR_SECONDS, path=root or "/", samesite="lax")
    return response

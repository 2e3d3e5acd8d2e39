"""From a template and values to an answer. In: the request, a template of `web/templates/`, the caller, values; out: HTML in the
reader's language, region, time zone and theme, escaped, compressed, with an entity tag where one is given.

How a page is made (the module of each page has a `router`; the composition root includes it):

    @router.get("/things")
    async def show_things(request: Request, caller: Annotated[Caller, guarded(Access.READ)]) -> Response:
        tag = page_tag(request, caller, "things")            # identifies what the page would show; ends each minute and each commit
        if (known := known_answer(request, tag)) is not None:
            return known                                     # 304, or the body that was made before
        with context(request).database.read() as connection:
            found = things.all_of(connection)
        return page(request, "things.html", caller, tag=tag, things=found)

The template extends `base.html` and fills its blocks: `title` (text), `crumbs` (path in the bar), `main`, `scripts` (further modules:
`<script type="module" src="{{ asset('app/x.js') }}"></script>`). What pages share are macros, imported without context:
`parts/marks.html` (mark, state, result, pill, icon, strip, age, moment, count), `parts/panels.html` (panel, tiles, dialog, empty,
segmented, copy_line, live, pager), `parts/jobs.html` (job_row, job_line), `parts/charts.html` (charts).
Globals and filters in every template and macro:

    url(path)            path with ROOT_PATH; every link, form and hx-get goes through it
    asset(name)          address of a file in static/
    server_url(key)  job_url(key, job_name)  run_url(key, run_uid)
    _("…")  gettext  ngettext("…", "…", n)  pgettext     texts, `%(name)s` filled from keywords and escaped
    now()                the present Instant              wording()   the reader's `Wording`
    value|number  |size (bytes → `1.21 TiB`)  |size_parts  |duration (ms → `14:31`)  |percent
    instant|day  |moment_text  |full_moment  |time_of_day  |age_text (short)  |spoken_age  |iso

Live pages: `{{ live(path, servers) }}` in the tag of an element with an id makes it refetch itself from `path` and replace itself in
place when something changed (see `static/app/live.js`). `None` is shown as an en dash by the filters of figures.

No template has `style=` or a script without `src`: the content security policy forbids both."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from duplistatus.clock import MINUTE, Instant, iso
from duplistatus.i18n.wording import DEFAULT, Wording, wording_for
from duplistatus.web.access import Caller
from duplistatus.web.alerts import alerts_for
from duplistatus.web.assets import assets
from duplistatus.web.compression import accepted, compressed
from duplistatus.web.context import context
from duplistatus.web.duplicati_pages import Opening, openings
from duplistatus.web.ntfy_place import Place, topic_of_all

DASH = "–"
THEMES = ("dark", "light", "system")
LANGUAGE_COOKIE = "NEXT_LOCALE"
ZONE_COOKIE = "zone"
THEME_COOKIE = "theme"
_TEMPLATES = Path(__file__).parent.parent / "templates"
_KEPT_BODIES = 64
_UNKNOWN_TIME = Instant(0)
_PROCESS = secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom the current page is made: how they are addressed, where the product lives for them, what time it is."""

    wording: Wording = DEFAULT
    now: Instant = _UNKNOWN_TIME
    root: str = ""
    theme: str = THEMES[0]


_NOBODY = Reader()
_reader: ContextVar[Reader] = ContextVar("reader", default=_NOBODY)


def reader_of(request: Request) -> Reader:
    """The reader, by what the browser sends: cookies for language, zone and theme, Accept-Language for the rest."""
    parts = context(request)
    cookies = request.cookies
    theme = cookies.get(THEME_COOKIE, "")
    return Reader(
        wording_for(
            cookies.get(LANGUAGE_COOKIE, "")[:20],
            request.headers.get("accept-language", "")[:200],
            cookies.get(ZONE_COOKIE, "").replace("%2F", "/")[:64],
            parts.settings.time_zone,
        ),
        parts.clock.now(),
        parts.settings.root_path,
        theme if theme in THEMES else THEMES[0],
    )


def page_tag(request: Request, caller: Caller, *parts: object) -> str:
    """The weak entity tag of a page: the data's version, the minute (ages), the reader, the caller and `parts` (queries, views)."""
    reader = reader_of(request)
    user, seen = caller.user, context(request)
    what = (
        seen.writer.version,
        assets().version,
        reader.now // MINUTE,
        reader.wording.language.code,
        reader.wording.locale,
        reader.wording.zone.key,
        reader.theme,
        (user.id, user.username, user.is_admin) if user else None,
        None if seen.sight.servers is None else sorted(seen.sight.servers),
        request.headers.get("hx-request"),
        parts,
    )
    return f'W/"{blake2b(repr((_PROCESS, what)).encode(), digest_size=12).hexdigest()}"'


class _Bodies:
    """The newest bodies by tag and encoding, so that a page that did not change is not made again. One instance per process: tags
    contain everything that a body depends on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str | None], tuple[bytes, str | None]] = OrderedDict()

    def get(self, tag: str, encoding: str | None) -> tuple[bytes, str | None] | None:
        found = self._kept.get((tag, encoding))
        if found is not None:
            self._kept.move_to_end((tag, encoding))
        return found

    def keep(self, tag: str, encoding: str | None, body: tuple[bytes, str | None]) -> None:
        self._kept[(tag, encoding)] = body
        while len(self._kept) > _KEPT_BODIES:
            self._kept.popitem(last=False)


_bodies = _Bodies()


def _headers(tag: str | None, encoding: str | None) -> dict[str, str]:
    headers = {"Cache-Control": "private, no-cache" if tag else "no-store", "Vary": "Accept-Encoding, Accept-Language, Cookie, HX-Request"}
    if tag:
        headers["ETag"] = tag
    if encoding:
        headers["Content-Encoding"] = encoding
    return headers


def known_answer(request: Request, tag: str) -> Response | None:
    """304 when the browser has this page, the page when it was made before, else None."""
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=_headers(tag, None))
    found = _bodies.get(tag, accepted(request.headers.get("accept-encoding", "")))
    return Response(found[0], media_type="text/html", headers=_headers(tag, found[1])) if found else None


def page(
    request: Request, template: str, caller: Caller | None, *, status: int = 200, tag: str | None = None, **values: object
) -> Response:
    """The answer. `caller` None: nobody is known, as on error pages. `values` are the template's own."""
    known: dict[str, object] = {
        "caller": caller,
        "version": data_version(request),
        "ntfy_topic": _ntfy_topic(request, caller),
        "openings": _openings(request, caller),
        "alerts": alerts_for(request, caller),
    }
    text = render(reader_of(request), template, **known, **values)
    encoding = accepted(request.headers.get("accept-encoding", ""))
    made = compressed(text.encode(), encoding)
    if tag and status == 200:  # noqa: PLR2004
        _bodies.keep(tag, encoding, made)
    return Response(made[0], status_code=status, media_type="text/html", headers=_headers(tag, made[1]))


def _ntfy_topic(request: Request, caller: Caller | None) -> Place | None:
    """What the button of ntfy opens; None where nobody is signed in, or ntfy is not in use."""
    if caller is None or caller.user is None:
        return None
    with context(request).database.read() as connection:
        return topic_of_all(connection)


def _openings(request: Request, caller: Caller | None) -> list[Opening]:
    """The Duplicati servers whose pages can be opened from the bar."""
    if caller is None or caller.user is None:
        return []
    with context(request).database.read() as connection:
        return openings(connection)


def data_version(request: Request) -> str:
    """What the stream of events calls the present state of the data; another process never repeats it."""
    return f"{_PROCESS}.{context(request).writer.version}"


def process_version(version: int) -> str:
    """`data_version` for a count of commits."""
    return f"{_PROCESS}.{version}"


@contextmanager
def reading(reader: Reader) -> Iterator[None]:
    """While it lasts, templates and macros are made for this reader."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def render(reader: Reader, template: str, **values: object) -> str:
    """The text of a template for a reader."""
    with reading(reader):
        return environment.get_template(template).render(reader=reader, **values)


def _url(path: str) -> str:
    return _reader.get().root + path


def _asset(name: str) -> str:
    return _reader.get().root + assets().path(name)


def server_url(key: str) -> str:
    """The server's page."""
    return _url(f"/detail/{quote(key, safe='')}")


def job_url(key: str, job_name: str) -> str:
    """The server's page, at one job."""
    return f"{server_url(key)}?backup={quote(job_name, safe='')}"


def run_url(key: str, uid: str) -> str:
    """The run's page."""
    return f"{server_url(key)}/backup/{quote(uid, safe='')}"


def _gettext(message: str) -> str:
    return _reader.get().wording.gettext(message)


def _ngettext(singular: str, plural: str, count: int) -> str:
    return _reader.get().wording.ngettext(singular, plural, count)


def _pgettext(about: str, message: str) -> str:
    return _reader.get().wording.pgettext(about, message)


def _npgettext(about: str, singular: str, plural: str, count: int) -> str:
    return _reader.get().wording.npgettext(about, singular, plural, count)


def _wording() -> Wording:
    return _reader.get().wording


def _now() -> Instant:
    return _reader.get().now


def _number(value: float | None, decimals: int = 0) -> str:
    return DASH if value is None else _wording().number(value, decimals)


def _size(value: int | None) -> str:
    return DASH if value is None else _wording().size(value)


def _size_parts(value: int | None) -> tuple[str, str]:
    return (DASH, "") if value is None else _wording().size_parts(value)


def _duration(value: int | None) -> str:
    return DASH if value is None else _wording().duration(value)


def _percent(value: float | None) -> str:
    return DASH if value is None else _wording().percent(value)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )
    made.globals |= {
        "url": _url,
        "asset": _asset,
        "server_url": server_url,
        "job_url": job_url,
        "run_url": run_url,
        "now": _now,
        "wording": _wording,
    }
    made.filters |= {
        "number": _number,
        "size": _size,
        "size_parts": _size_parts,
        "duration": _duration,
        "percent": _percent,
        "iso": iso,
        "day": lambda at: _wording().day(at, _now()),
        "moment_text": lambda at: _wording().moment(at, _now()),
        "full_moment": lambda at: _wording().full_moment(at),
        "time_of_day": lambda at: _wording().time_of_day(at),
        "age_text": lambda at: _wording().age(_now() - at),
        "spoken_age": lambda at: _wording().spoken_age(_now() - at),
    }
    return made


environment = _environment()
"""The templates. Texts, formats and links follow the reader whose page is being made."""

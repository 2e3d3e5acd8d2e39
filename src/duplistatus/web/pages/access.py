"""The page of access, for administrators. In: plain forms; out: who needs a key, from where pages and doors may be called, which proxies
are believed, how the caller is seen, and who called lately."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from duplistatus.security.access_policy import AccessPolicy
from duplistatus.settings import Network
from duplistatus.web import access_desk
from duplistatus.web.access import Access, Caller, guarded
from duplistatus.web.context import context
from duplistatus.web.errors import Refused
from duplistatus.web.pages.rendering import page, reader_of

router = APIRouter(include_in_schema=False)

PATH = "/settings/access"
_Admin = Annotated[Caller, guarded(Access.ADMIN)]
_SIDES = ("admin", "external")
_SHOWN_CALLERS = 30


@router.get(PATH)
async def show_access(request: Request, caller: _Admin, saved: Annotated[str, Query()] = "") -> Response:
    """The page; `saved` names the part that was saved."""
    return _page(request, caller, saved=saved)


@router.post(PATH)
async def change_by_form(request: Request, caller: _Admin) -> Response:
    """`part`: keys, proxies, admin or external. `add`: an address that is added to the list of the part."""
    form = await request.form()
    part = str(form.get("part", ""))
    try:
        await access_desk.change(request, caller, _words(request, form, part))
    except (ValueError, Refused) as error:
        problem = error.error if isinstance(error, Refused) else str(error)
        details = error.more.get("details") if isinstance(error, Refused) else None
        offered = str(details.get("address", "")) if isinstance(details, dict) else ""
        status = error.status if isinstance(error, Refused) else 400
        sent = "\n".join(_texts(form))
        return _page(request, caller, part=part, problem=problem, status=status, sent=sent, sent_on="enabled" in form, offered=offered)
    return RedirectResponse(f"{context(request).settings.root_path}{PATH}?saved={part}#{part}", status_code=303)


def _words(request: Request, form: FormData, part: str) -> dict[str, object]:
    """The form in the words of the interface for programs, without what the environment decides."""
    decided = access_desk.set_by(context(request).settings)
    if part == "keys":
        return {"uploads_need_key": "uploads" in form, "reading_needs_key": "reading" in form}
    if part == "proxies":
        return {} if "trusted_proxies" in decided else {"trusted_proxies": _texts(form)}
    if part not in _SIDES:
        raise ValueError("nothing is known by that name")
    said: dict[str, object] = {"enabled": "enabled" in form, "networks": _texts(form)}
    return {part: {name: value for name, value in said.items() if f"{part}.{name}" not in decided}}


def _texts(form: FormData) -> list[str]:
    """The addresses of the field, and the one to add."""
    texts = [each for each in re.split(r"[\s,;]+", str(form.get("networks", ""))) if each]
    added = str(form.get("add", "")).strip()
    return [*texts, added] if added and added not in texts else texts


def _page(
    request: Request,
    caller: Caller,
    *,
    saved: str = "",
    part: str = "",
    problem: str = "",
    status: int = 200,
    sent: str = "",
    sent_on: bool = False,
    offered: str = "",
) -> Response:
    found = access_desk.situation(request)
    lists = _fields(found.policy)
    if problem and part in lists:
        lists[part] = (sent_on, sent)
    keyless = [each for each in found.callers if each.calls is not None and each.calls.without_key]
    return page(
        request,
        "access.html",
        caller,
        status=status,
        found=found,
        lists=lists,
        part=part,
        problem=problem,
        saved=saved,
        offered=offered,
        keyless={door: [each for each in keyless if each.door == door] for door in ("upload", "external")},
        keys={scope.value: count for scope, count in found.keys.items()},
        callers=found.callers[:_SHOWN_CALLERS],
        strangers=list(dict.fromkeys(each.address for each in found.callers if not each.admitted and _is_address(each.address)))[:12],
        titles=_titles(request),
    )


def _fields(policy: AccessPolicy) -> dict[str, tuple[bool, str]]:
    return {
        "proxies": (True, _lines(policy.trusted_proxies)),
        "admin": (policy.admin.enabled, _lines(policy.admin.networks)),
        "external": (policy.external.enabled, _lines(policy.external.networks)),
    }


def _lines(networks: tuple[Network, ...]) -> str:
    """Addresses and networks one a line; a network of one address as that address."""
    return "\n".join(str(each.network_address) if each.num_addresses == 1 else str(each) for each in networks)


def _is_address(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F:.]+", text) is not None


def _titles(request: Request) -> dict[str, str]:
    wording = reader_of(request).wording
    return {
        "keys": wording.gettext("Keys"),
        "proxies": wording.gettext("Trusted proxies"),
        "admin": wording.gettext("Pages and their data"),
        "external": wording.gettext("Reports, summary and last backups"),
    }

"""What of the fleet is asked for, and how. In: the words of an address; out: `Asked`, and addresses made from it. Words that nobody knows
are read as the usual ones: an old bookmark is no error."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from duplistatus.evaluate.daily_chart import SPANS, USUAL_SPAN
from duplistatus.evaluate.fleet_view import Group
from duplistatus.web.pages.fleet_lists import CARD_ORDERS, FALLING_FIRST, LINE_ORDERS

VIEWS = ("cards", "table", "charts")
RANGES = tuple(SPANS)
USUAL_RANGE = USUAL_SPAN
_LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """`falling`: the table's column from large to small. `span`: the range of the charts."""

    view: str = VIEWS[0]
    sort: str = CARD_ORDERS[0]
    falling: bool = False
    query: str = ""
    group: Group | None = None
    span: str = USUAL_RANGE

    @property
    def is_plain(self) -> bool:
        """True when nothing is filtered out."""
        return not self.query and self.group is None


def asked(*, view: str = "", sort: str = "", order: str = "", q: str = "", state: str = "", span: str = "") -> Asked:
    view = view if view in VIEWS else VIEWS[0]
    orders = LINE_ORDERS if view == "table" else CARD_ORDERS
    sort = sort if sort in orders else orders[0]
    return Asked(
        view,
        sort,
        order == "desc" if order in {"asc", "desc"} else sort in FALLING_FIRST,
        q.strip()[:_LONGEST_QUERY],
        Group(state) if state in set(Group) else None,
        span if span in RANGES else USUAL_RANGE,
    )


def address(root: str, show: Asked, **more: str | int) -> str:
    """The dashboard's address for this, as short as it can be; `more` are further words."""
    words: dict[str, str | int] = {}
    if show.view != VIEWS[0]:
        words["view"] = show.view
    if show.sort != asked(view=show.view).sort:
        words["sort"] = show.sort
    if show.view == "table" and show.falling != (show.sort in FALLING_FIRST):
        words["order"] = "desc" if show.falling else "asc"
    if show.view == "charts" and show.span != USUAL_RANGE:
        words["range"] = show.span
    if show.query:
        words["q"] = show.query
    if show.group:
        words["state"] = show.group.value
    words |= more
    return f"{root}/" + (f"?{urlencode(words)}" if words else "")

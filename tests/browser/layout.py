"""How a page is laid out in the browser. In: a page; out: what cannot be read or reached as it stands there: texts and controls that cover
each other, that end outside the window, or that the keyboard does not reach or shows no focus on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fixtures.accessibility import serious_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

WIDTHS = (360, 768, 1280, 2560)
THEMES = ("dark", "light")

# Leaves are what people read or press: controls, and elements with text of their own. Their boxes are cut to what the boxes around
# them let through, so that a shortened name or a scrolled table does not count as covering its neighbour.
_LEAVES = """
const shown = (element) => {
    const style = getComputedStyle(element);
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && style.clipPath === 'none';
};
const ownText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
const isControl = (element) => element.matches('a[href], button, input:not([type=hidden]), select, summary, textarea');
const cut = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let around = element; around; around = around.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(around);
        if (overflowX === 'visible' && overflowY === 'visible') continue;
        const edge = around.getBoundingClientRect();
        if (overflowX !== 'visible') { left = Math.max(left, edge.left); right = Math.min(right, edge.right); }
        if (overflowY !== 'visible') { top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom); }
    }
    return { left, top, right, bottom };
};
// A link within a sentence has a box on each of its lines.
const boxes = (element) => {
    if (isControl(element)) return [...element.getClientRects()];
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()];
};
const nameOf = (element) => {
    const text = element.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
    return `${element.tagName.toLowerCase()}${element.id ? '#' + element.id : ''} “${text}”`;
};
const leaves = () => [...document.body.querySelectorAll('*')]
    .filter((element) => !element.closest('svg, dialog:not([open]), .visually-hidden, .skip, .uplot, option'))
    .filter((element) => (isControl(element) || ownText(element)) && shown(element))
    .flatMap((element) => boxes(element).map((box) => ({ element, box: cut(box, element) })))
    .filter(({ box }) => box.right - box.left > 1 && box.bottom - box.top > 1);
"""

_COVERING = (
    "() => {"
    + _LEAVES
    + """
    const all = leaves(), found = [];
    for (let first = 0; first < all.length; first += 1) {
        for (let second = first + 1; second < all.length; second += 1) {
            const a = all[first], b = all[second];
            const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
            const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
            if (wide <= 2 || high <= 3 || a.element.contains(b.element) || b.element.contains(a.element)) continue;
            found.push(`${nameOf(a.element)} and ${nameOf(b.element)}: ${Math.round(wide)} × ${Math.round(high)}`);
        }
    }
    return found;
}"""
)

_OUTSIDE = (
    "() => {"
    + _LEAVES
    + """
    return leaves().filter(({ box }) => box.right > innerWidth + 1 || box.left < -1).map(({ element }) => nameOf(element));
}"""
)

_SMALL = (
    "(least) => {"
    + _LEAVES
    + """
    return leaves()
        .filter(({ element }) => element.matches('button, select, summary, .button, input, .segmented a'))
        .filter(({ element }) => element.getBoundingClientRect().height < least)
        .map(({ element }) => `${nameOf(element)}: ${element.getBoundingClientRect().height}`);
}"""
)

# Each element that can have the focus gets a number; pressing Tab must come to every one. Of radio buttons that belong together Tab reaches
# one, the arrows the others.
_NUMBER = """() => {
    const stops = 'a[href], button, input:not([type=hidden]), select, summary, textarea, [tabindex="0"]';
    const all = [...document.querySelectorAll(stops)]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
        .filter((element) => !element.closest('dialog:not([open])'))
        .filter((element) => element.type !== 'radio' || element.checked);
    // No attribute: a page that fetches itself anew meanwhile would take it away again.
    all.forEach((element, index) => { element.stopNumber = index; });
    const nameOf = (element) => (element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40);
    return all.map((element) => `${element.tagName.toLowerCase()} “${nameOf(element)}”`);
}"""

_PARTS_OF_A_DATE = 8
"""Tab goes through day, month, hour and so on of a field for a date and a time."""

_FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const rings = [element, element.closest('.search')].filter(Boolean).map((each) => getComputedStyle(each));
    const box = element.getBoundingClientRect();
    return {
        stop: element.stopNumber ?? null,
        ring: rings.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""


def covering(page: Page) -> list[str]:
    """Pairs of texts or controls that lie over each other."""
    return list(page.evaluate(_COVERING))


def outside(page: Page) -> list[str]:
    """What cannot be reached without scrolling the whole page sideways."""
    found = list(page.evaluate(_OUTSIDE))
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"the page: {page.evaluate('document.documentElement.scrollWidth')} px wide")
    return found


def small(page: Page, least: float) -> list[str]:
    """Buttons, choices and fields lower than `least` px."""
    return list(page.evaluate(_SMALL, least))


def missed_by_tab(page: Page) -> list[str]:
    """What Tab, pressed again and again, does not reach, what it reaches without a visible ring or out of sight."""
    names = list(page.evaluate(_NUMBER))
    found: list[str] = []
    reached: set[int] = set()
    last = None
    for _ in range(2 * len(names) + 10 + _PARTS_OF_A_DATE * len([name for name in names if name.startswith("input")])):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        # Beyond the last element the window itself has the focus, then it begins anew.
        if at is None or at["stop"] is None or at["stop"] == last:
            continue
        if at["stop"] in reached:
            break
        last = at["stop"]
        reached.add(at["stop"])
        if not at["ring"]:
            found.append(f"no ring: {names[at['stop']]}")
        if not at["inside"]:
            found.append(f"out of sight: {names[at['stop']]}")
    return found + [f"not reached: {name}" for stop, name in enumerate(names) if stop not in reached]


def show_in(page: Page, theme: str) -> None:
    """The page as it is delivered to somebody who has chosen that theme."""
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)


def hindrances(page: Page, widths: Sequence[int] = WIDTHS, *, covered: bool = True, keyboard: bool = True) -> dict[str, list[str]]:
    """What keeps people from the page as it is shown, at these widths, the narrowest first, and in both themes; empty when nothing does.

    Layout is the same in both themes, so it is looked at once a width; accessibility in both at the narrowest and at the widest. Without
    `covered` a menu may lie over the page, without `keyboard` the page is left as it is.
    """
    found: dict[str, list[str]] = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        # The bar stays at the top, over what is scrolled under it.
        page.evaluate("scrollTo(0, 0)")
        found[f"outside at {width}"] = outside(page)
        found[f"covered at {width}"] = covering(page) if covered else []
        found[f"small at {width}"] = small(page, 24)
        for theme in THEMES if width in {widths[0], widths[-1]} else ():
            show_in(page, theme)
            found[f"kept out at {width}, {theme}"] = serious_findings(page)
        found[f"keyboard at {width}"] = missed_by_tab(page) if keyboard else []
    return {where: what for where, what in found.items() if what}

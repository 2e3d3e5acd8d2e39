"""Writes `src/duplistatus/report/day_periods.py` from the CLDR data that Babel carries: how the languages write before and after noon, and
the words that stand in their dates. Reading Babel's thousand locales takes seconds and much memory, so the product keeps the result."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from babel import Locale
from babel.localedata import locale_identifiers

from duplistatus.report.lettering import letters

TARGET = Path(__file__).parents[1] / "src/duplistatus/report/day_periods.py"

# Forms of other CLDR releases and of Windows, in the languages whose present CLDR data have other ones: Bengali, Gujarati, Kannada,
# Marathi, Punjabi, Tamil, Telugu.
EARLIER_BEFORE_NOON = ["পূর্বাহ্ণ", "পুর্বাহ্ন", "પૂર્વ મધ્યાહ્ન", "ಪೂರ್ವಾಹ್ನ", "म.पू.", "ਸਵੇਰ", "முற்பகல்", "காலை", "పూర్వాహ్న"]
EARLIER_AFTER_NOON = ["অপরাহ্ণ", "অপরাহ্ন", "ઉત્તર મધ્યાહ્ન", "ಅಪರಾಹ್ನ", "म.नं.", "ਸ਼ਾਮ", "பிற்பகல்", "மாலை", "అపరాహ్న"]
EARLIER_WORDS = ["ч."]  # "hour" after a Bulgarian time

_QUOTED = re.compile(r"'([^']+)'")

_HEAD = '''"""How the world writes before and after noon, and the other words in its dates and times, in the form that
`lettering.letters` gives. Written by `scripts/day_periods.py` from the CLDR data of Babel; not to be edited. A form that means both
somewhere is in neither table."""

from __future__ import annotations
'''


def tables() -> dict[str, list[str]]:
    """The three tables, sorted."""
    before, after, words = set(EARLIER_BEFORE_NOON), set(EARLIER_AFTER_NOON), set(EARLIER_WORDS)
    for name in locale_identifiers():
        locale = Locale.parse(name)
        for width in ("abbreviated", "wide"):  # .NET takes the abbreviated one; narrow ones are single letters of many meanings
            periods = locale.day_periods["format"].get(width, {})
            before.update(filter(None, [periods.get("am")]))
            after.update(filter(None, [periods.get("pm")]))
        patterns = [locale.time_formats["medium"].pattern, locale.datetime_skeletons["yMd"].pattern]
        words.update(word for pattern in patterns for quoted in _QUOTED.findall(pattern) for word in quoted.split())
    am, pm, literals = ({letters(form) for form in forms} - {""} for forms in (before, after, words))
    return {"BEFORE_NOON": sorted(am - pm), "AFTER_NOON": sorted(pm - am), "LITERALS": sorted(literals - am - pm)}


def module() -> str:
    """The text of the module."""
    parts = [_HEAD]
    for name, forms in tables().items():
        lines = textwrap.fill(" ".join(forms), width=100, break_long_words=False, break_on_hyphens=False)
        parts.append(f'\n_{name} = """\n{lines}\n"""\n{name} = frozenset(_{name}.split())\n')
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET}\n")

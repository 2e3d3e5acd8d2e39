"""What a message is made of before its template is filled: the values of the variables, and what stands around the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duplistatus.notify.filling import Values
from duplistatus.notify.mail_html import Band, Fact
from duplistatus.notify.message import Image


@dataclass(frozen=True, slots=True)
class Parts:
    """`values`: of all variables of the template; `band`: the state that the mail begins with; `facts`: rows of the mail's table by the
    variable that says the same, those whose variable the template names are left out; `link`: where to look, or empty; `data`: for
    programs, JSON values; `preheader`: what lists of mails show after the subject."""

    values: Values
    band: Band
    facts: Sequence[tuple[str, Fact]] = ()
    link: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    preheader: str = ""

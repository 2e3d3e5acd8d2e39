"""Why a body is refused: the exceptions of this package. Each carries a stable code, a sentence for people and the JSON body of
the HTTP answer; nothing else leaves the package when a body cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_LONGEST_ECHO = 200
_LONGEST_SHOWN = 60
_KINDS: dict[type[object], str] = {dict: "an object", list: "a list", str: "a longer one"}


class Rejection(Exception):
    """A body that is not taken. `code` is for programs and stays the same, `sentence` is for people."""

    code = "rejected"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def body(self) -> dict[str, object]:
        """The JSON body of the answer."""
        return {"error": self.sentence}


class TooLarge(Rejection):
    """More bytes than allowed, as sent or after decompression."""

    code = "too_large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The report is larger than the limit of {max_bytes} bytes")
        self.max_bytes = max_bytes


class NotAReport(Rejection):
    """A body that is neither a report nor a status document.

    `answer` is the error text that existing clients know, where it differs from the sentence. `missing` and `section` name the
    fields that are absent and show the section that should hold them.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        answer: str | None = None,
        missing: Sequence[str] = (),
        section: tuple[str, Mapping[str, object]] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.answer = answer or sentence
        self.missing = tuple(missing)
        self.section = section

    def body(self) -> dict[str, object]:
        """`{"error"}`, and with missing fields also `missingFields` and the section as it came, under its own name."""
        body: dict[str, object] = {"error": self.answer}
        if self.missing:
            body["missingFields"] = list(self.missing)
        if self.section is not None:
            name, fields = self.section
            body[name] = {key: value for key, value in fields.items() if _is_short(value)}
        return body


def _is_short(value: object) -> bool:
    """The answer shows plain values only, so that a refused document is not sent back in full."""
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _LONGEST_ECHO)


def bad_value(field: str, value: object, expected: str) -> NotAReport:
    """A field whose value cannot be what Duplicati means by it."""
    shown = repr(value)[:_LONGEST_SHOWN] if _is_short(value) else _KINDS.get(type(value), "that much")
    return NotAReport("bad_value", f"{field} must be {expected}, not {shown}")

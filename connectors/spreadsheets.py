"""What a spreadsheet would do with a text, and what is done against it."""

from __future__ import annotations

from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def not_a_formula(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept as text; a lone carriage return would begin a row."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text

"""Text as it may be printed: what would move a cursor, recolour a terminal or begin a line anew is shown, not done."""

from __future__ import annotations

from unicodedata import category

LONGEST = 2_000


def printable(text: str) -> str:
    """The text with every control, format and line-end character as its escape (`\\x1b`, `\\u202e`, `\\n`)."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or category(each) == "Zs" else ascii(each)[1:-1] for each in text)


def clipped(text: str, most: int = LONGEST) -> str:
    """The text, its end left out where it is longer."""
    return text if len(text) <= most else f"{text[:most]}…"

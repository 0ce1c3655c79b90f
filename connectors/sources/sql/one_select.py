"""Whether a text is one SELECT, whatever the database's dialect: it is put into parentheses and read from."""

from __future__ import annotations

import re

from connectors.sources.stated import wrong

# Texts, quoted names and comments say nothing of a statement's shape.
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]")
_UNCLEAR = re.compile(r"--|/\*|\*/|['\"`]|\$\w*\$|\\")


def check_one_select(where: str, select: str) -> None:
    """Raise UsageError unless a text is one SELECT that can stand in parentheses.

    What only some dialects read as a comment or a text (dollar quotes, backslashes) is refused: it could hide an end.
    """
    bare = _LITERALS.sub("x", select)
    if _UNCLEAR.search(bare) or "\\" in select:
        raise wrong(where, "select has a comment, a backslash or an open quote", "one SELECT without them")
    if ";" in bare or not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE):
        raise wrong(where, "select is no single SELECT", "one SELECT, without a semicolon")
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth:
        raise wrong(where, "select has parentheses that do not match", "one SELECT")

"""What of an answer is written down: the values a description names, of all others only that they are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.sources.http.connection import ALL_OF_IT


def kept(value: Any, keep: Mapping[str, str], path: str = "") -> Any:
    """A JSON value whose texts and numbers are kept where `keep` names their path; else `true`, '' where blank.

    `keep` maps a dotted path (list positions have no part in it) to `all`, or to a pattern: then only the words it
    finds are kept. Names, numbers and addresses thus never reach the disk, and can still be counted.
    """
    if isinstance(value, dict):
        return {key: kept(each, keep, f"{path}.{key}" if path else key) for key, each in value.items()}
    if isinstance(value, list):
        return [kept(each, keep, path) for each in value]
    if value is None or keep.get(path) == ALL_OF_IT:
        return value
    if not isinstance(value, str):
        return True
    words = [found[0] for found in re.finditer(keep[path], value)] if path in keep else []
    return " ".join(words) or (True if value.strip() else "")


def at(answer: Any, path: str) -> Any:
    """What stands at a dotted path of an answer; None where nothing does."""
    for name in path.split(".") if path else ():
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer

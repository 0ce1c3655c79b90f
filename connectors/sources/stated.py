"""What a description states under one key, checked by the fields of the dataclass that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from checks.errors import UsageError

_WANTED = {"str": "a text", "bool": "true or false", "float": "a number above 0", "int": "a whole number"}


def values_of(where: str, stated: Mapping[str, Any], kind: type[Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The values for the fields of `kind`; `names` are the keys that are called otherwise than their fields.

    Raises UsageError for a key that is not known, a value of another type, and a field that has to be stated.
    """
    by_key = {names.get(field.name, field.name): field for field in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in stated.items():
        if key not in by_key:
            raise wrong(where, f"{key!r} is not known", f"one of {', '.join(by_key)}")
        name = str(by_key[key].type)
        if not _fits(name, value):
            raise wrong(where, f"{key} is {value!r}", _WANTED[name])
        values[by_key[key].name] = float(value) if name == "float" else value
    for key, field in by_key.items():
        if field.default is MISSING and not values.get(field.name):
            raise wrong(where, f"it has no {key}", f"{key}: with its value")
    return values


def _fits(name: str, value: object) -> bool:
    if name == "str":
        return isinstance(value, str)
    if name == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) and value >= 0 if name == "int" else isinstance(value, int | float) and value > 0


def wrong(where: str, found: str, expected: str) -> UsageError:
    return UsageError(where, found, expected, "Correct it.")

"""The audit chain: what is hashed and how, so that a stranger can check it with ten lines of their own.

Format `policing-pledge-manifest/1`. Every hash is SHA-256, written in lower-case hexadecimal, over canonical JSON
(RFC 8785) in UTF-8:

- A row is the object of its stored columns by name. Moments are `2026-03-29T01:00:00.000000Z` (UTC, microseconds),
  days `2026-03-29`, an absent value `null`, a whole number beyond 2^53 - 1 its decimal digits as a string.
- A seal says of one thing what it was: `what` (a table, or `lake/` and a log for a data file), `key` (a row's key as a
  canonical JSON array, in the order of the table's key; a file's path below the lake) and `sha256`. The seals of a run
  are hashed as lines `what TAB key TAB sha256 LF`, sorted by their bytes.
- A manifest is what a run vouches for. Its hash is the run's; `previous_hash` in it is that of the run before, '' for
  the first, and `position` counts from 1. The signature is Ed25519 over the 32 bytes of that hash.

A test vector: the manifest `{"format": "policing-pledge-manifest/1", "position": 1, "previous_hash": ""}` has the hash
0169ff0369ff25efa2ea26eefa6363dbfd848467c998bc4c84501645647c6bf8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, NamedTuple

import rfc8785

FORMAT = "policing-pledge-manifest/1"
_LARGEST = 2**53 - 1


class Seal(NamedTuple):
    """What one row or file was when its run was sealed."""

    what: str
    key: str
    sha256: str


@dataclass(frozen=True)
class Broken:
    """One thing that is not as it was sealed: where it is, what was found, what was expected."""

    where: str
    found: str
    expected: str


def canonical(value: Any) -> bytes:
    """A value as canonical JSON."""
    return rfc8785.dumps(_plain(value))


def sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def row_seal(what: str, key: Sequence[str], row: Mapping[str, Any]) -> Seal:
    """The seal of a row; `key` names its key columns in their order."""
    return next(row_seals(what, key, list(row), [tuple(row.values())]))


def row_seals(what: str, key: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Seal]:
    """The seals of many rows, whose values stand in the order of `names`.

    A night seals hundreds of thousands: the canonical JSON of each is put together from that of its values.
    """
    order = sorted(range(len(names)), key=lambda place: names[place].encode("utf-16be"))
    place_of = {name: place for place, name in enumerate(names)}
    in_key = [place_of[name] for name in key]
    whole = "{" + ",".join(f"{canonical(names[each]).decode()}:".replace("%", "%%") + "%s" for each in order) + "}"
    named = "[" + ",".join("%s" for _ in in_key) + "]"
    for row in rows:
        said = [_WRITTEN.get(type(value), _otherwise)(value) for value in row]
        digest = sha256((whole % tuple([said[each] for each in order])).encode())
        yield Seal(what, named % tuple([said[each] for each in in_key]), digest)


def seals_hash(seals: Iterable[Seal]) -> str:
    """The hash of a run's seals, in whatever order they come."""
    return sha256(b"".join(sorted("\t".join(seal).encode() + b"\n" for seal in seals)))


def differences(sealed: Iterable[Seal], found: Iterable[Seal]) -> list[Broken]:
    """What was changed, taken away or added since it was sealed; in the order of the names."""
    was = {(seal.what, seal.key): seal.sha256 for seal in sealed}
    now = {(seal.what, seal.key): seal.sha256 for seal in found}
    return [
        Broken(f"{what} {key}", *_found(was.get((what, key)), now.get((what, key))))
        for what, key in sorted(was.keys() | now.keys())
        if was.get((what, key)) != now.get((what, key))
    ]


def _found(was: str | None, now: str | None) -> tuple[str, str]:
    if now is None:
        return "it is gone", f"one with the hash {was}"
    if was is None:
        return "it was added after its run was sealed", "no such row"
    return f"its hash is {now}", was


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _otherwise(value: Any) -> str:
    return canonical(value).decode()


def _whole_number(value: int) -> str:
    return str(value) if abs(value) <= _LARGEST else f'"{value}"'


def _number(value: float) -> str:
    """Python writes a number as RFC 8785 does but for exponents, a whole one's `.0` and the sign of zero."""
    said = repr(value)
    if "e" in said or "n" in said:
        return _otherwise(value)
    return said.removesuffix(".0") if value else "0"


# Canonical JSON of what nearly all columns hold.
_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: _whole_number,
    float: _number,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda _: "null",
}

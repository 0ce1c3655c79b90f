"""Keyed pseudonyms: what stands in the lake for a reference to a person's record (a call, a crime, an officer).

`p` and the first 24 hexadecimal digits of HMAC-SHA256 (RFC 2104) of the reference, trimmed, in UTF-8. The key lies
in a file outside the lake. One reference has one pseudonym in every log, so that logs still join.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from checks.database import connect
from checks.errors import UsageError
from checks.logs import LOGS, Log
from connectors.lake.storage import is_remote
from connectors.lake.tables import PSEUDONYMS, Lake

_BLOCK = 64  # of SHA-256, in bytes
_DIGITS = 24
_INNER, _OUTER = 0x36, 0x5C

# HMAC in DuckDB's own words: a delivery of millions of references is no loop in Python.
_HMAC = f"""
select row_number, 'p' || left(sha256($outer || unhex(sha256($inner || encode(reference)))), {_DIGITS}) as pseudonym
from given order by row_number
"""


class Pseudonyms:
    """Makes pseudonyms with one key. Its `repr` does not show the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, reference: str) -> str:
        """The pseudonym of a reference."""
        return "p" + hmac.new(self._key, reference.strip().encode(), hashlib.sha256).hexdigest()[:_DIGITS]

    def derived(self, purpose: str) -> Pseudonyms:
        """The same with another key, which follows from this one and does not tell it."""
        return Pseudonyms(hmac.new(self._key, purpose.encode(), hashlib.sha256).digest())

    @property
    def fingerprint(self) -> str:
        """Tells keys apart and says nothing of the key."""
        return hmac.new(self._key, b"the key of this lake", hashlib.sha256).hexdigest()[:16]

    def column(self, references: pa.ChunkedArray) -> pa.Array:
        """The pseudonyms of a column; what is absent or empty stays so."""
        text = pc.utf8_trim_whitespace(references.cast(pa.string()))
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        given = pa.table({"row_number": pa.array(range(len(text)), pa.int64()), "reference": text})
        padded = (hashlib.sha256(self._key).digest() if len(self._key) > _BLOCK else self._key).ljust(_BLOCK, b"\0")
        inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (_INNER, _OUTER))
        con = connect(threads=2)
        try:
            con.register("given", given)
            made = con.sql(_HMAC, params={"inner": inner, "outer": outer}).to_arrow_table()
        finally:
            con.close()
        return made["pseudonym"].combine_chunks()

    def instead(self, log: Log, rows: pa.Table) -> pa.Table:
        """The rows of a log with pseudonyms in place of their references."""
        for name in log.personal:
            if name in rows.column_names:
                rows = rows.set_column(rows.column_names.index(name), name, self.column(rows[name]))
        return rows


def is_pseudonym(reference: str) -> bool:
    """Whether a text has the form of a pseudonym."""
    return re.fullmatch(rf"p[0-9a-f]{{{_DIGITS}}}", reference) is not None


def pseudonyms_of(path: str) -> Pseudonyms | None:
    """The pseudonyms made by the key in a file; None where none is set.

    Raises:
        UsageError: there is no such file, it cannot be read, or it holds no key of ours.
    """
    if not path:
        return None
    expected = "the file `pledge pseudonyms new-key` made"
    do = "Correct PLEDGE_PSEUDONYM_KEY, or restore the file: without it no record is found again."
    try:
        key = bytes.fromhex(Path(path).read_text("ascii").strip())
    except OSError as error:
        raise UsageError(f"pseudonym key {path}", f"it cannot be read ({error.strerror})", expected, do) from error
    except ValueError:
        raise UsageError(f"pseudonym key {path}", "it holds no key", expected, do) from None
    if len(key) < 16:
        raise UsageError(f"pseudonym key {path}", "its key is too short", expected, do)
    return Pseudonyms(key)


def new_key(path: Path, lake: str) -> None:
    """Write a new key, which only its owner may read; raises UsageError where a file is there already."""
    if not is_remote(lake) and path.resolve().is_relative_to(Path(lake).resolve()):
        expected = "a place that whoever reads the lake does not read"
        raise UsageError(f"pseudonym key {path}", "it would lie in the lake", expected, "Name another file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError as error:
        do = "Name another file: a key that was used must not be lost."
        raise UsageError(f"pseudonym key {path}", "there is a file already", "a new one", do) from error
    except OSError as error:
        found = f"it cannot be written ({error.strerror})"
        raise UsageError(f"pseudonym key {path}", found, "a folder this user may write to", "Name another.") from error


def refuse_another_key(lake: Lake, pseudonyms: Pseudonyms | None) -> None:
    """Raises UsageError where the lake was filled with another key than this, with one where there is none now, or
    with none: a record would then stand in it under two names."""
    now = pseudonyms.fingerprint if pseudonyms else ""
    for name in LOGS:
        table = lake.table(name)
        before = (table.metadata().description or "").removeprefix(PSEUDONYMS) if table else now
        if before != now:
            found = "its references are " + (
                "pseudonyms of another key, or of a key not named now" if before else "stored as they were delivered"
            )
            expected = "PLEDGE_PSEUDONYM_KEY as it was when this lake was begun" if before else "a lake without a key"
            do = "Name the key it was begun with." if before else "Begin a new lake for pseudonyms, or unset the key."
            raise UsageError(f"lake table {lake.location}/{name}", found, expected, do)

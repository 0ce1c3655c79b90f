"""A zip whose bytes follow from what it holds: the same files make the same archive, whenever and wherever."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from checks.errors import UsageError

SUMS = "SHA256SUMS"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest moment a zip can name
_READABLE = 0o100644 << 16


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files, by their paths inside, as a zip; `SHA256SUMS` is added, as `sha256sum --check` reads it."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in sorted({**files, SUMS: sums.encode()}.items()):
            entry = zipfile.ZipInfo(name, _BEGINNING)
            entry.external_attr, entry.create_system = _READABLE, 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content, compresslevel=6)
    return out.getvalue()


def write_archive(path: Path, content: bytes) -> None:
    """Write it whole or not at all, readable by its owner only; raises UsageError where it cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        found = f"it cannot be written ({error.strerror})"
        expected, do = "a file in a folder this user may write to", "Name another with --out."
        raise UsageError(str(path), found, expected, do) from error
    finally:
        part.unlink(missing_ok=True)

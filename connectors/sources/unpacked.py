"""How much a compressed file may become: one that becomes far more than exports do was made to fill a disk."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from checks.errors import NotFitError

# Logs of calls become ten to thirty times as large, the dullest a hundred times.
MOST_TIMES = 200
ALWAYS_ALLOWED = 256 << 20


def most_unpacked(path: Path) -> int:
    """Into how many bytes a compressed file may unpack."""
    return max(ALWAYS_ALLOWED, MOST_TIMES * path.stat().st_size)


def too_much(path: Path) -> NotFitError:
    found = f"it unpacks to more than {MOST_TIMES} times its size"
    return NotFitError(str(path), found, "an export, not a bomb", "Deliver it uncompressed if it is right.")


def check_zip(path: Path) -> None:
    """Raise NotFitError when a ZIP file (a workbook is one) unpacks to too much, or to more than it says."""
    try:
        with ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > most_unpacked(path):
                raise too_much(path)
            lies = archive.testzip()
    except (BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, zlib.error):
        return  # whoever reads it says what is wrong with it
    if lies is not None:
        found = "a part of it is damaged, or not as large as it says"
        raise NotFitError(str(path), found, "a whole workbook", "Deliver it again.")

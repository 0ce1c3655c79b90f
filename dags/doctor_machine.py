"""What `pledge doctor` looks at on this machine: versions, keys and folders, disk, clock."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dags.doctor import OK, WARN, WRONG, Line, Patient
from dags.versions import LOCK

PYTHONS = ((3, 11), (3, 13))
_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?: *; *([^\\]+))?")
WARN_SECONDS, WRONG_SECONDS = 5.0, 60.0
LEAST_FREE = 1_000_000_000
WALK_SECONDS = 5.0
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def clock_line(date: str, now: datetime, whose: str) -> Iterator[Line]:
    """How far this machine's clock is from another's, told by an HTTP date."""
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return
    yield skew_line(abs((theirs - now).total_seconds()) - 1, whose)  # an HTTP date has whole seconds


def skew_line(seconds: float, whose: str) -> Line:
    """How far this machine's clock is from another's, in seconds."""
    apart = f"this machine's clock and that of {whose} are {max(seconds, 0):.0f} seconds apart"
    state = WRONG if seconds > WRONG_SECONDS else WARN if seconds > WARN_SECONDS else OK
    return Line(state, "clock", apart, "" if state == OK else "Let NTP set the clocks.")


def _versions(patient: Patient) -> Iterator[Line]:
    python = sys.version_info[:2]
    told = ".".join(map(str, python))
    if PYTHONS[0] <= python <= PYTHONS[1]:
        yield Line(OK, "versions", f"Python {told}")
    else:
        yield Line(WRONG, "versions", f"Python {told}", "Use 3.11, 3.12 or 3.13.")
    if not LOCK.exists():
        yield Line(WARN, "versions", "requirements.lock is not beside the code", "Install from the repository.")
        return
    other = sorted(_unlike(LOCK.read_text("utf-8")))
    if other:
        found = f"{len(other)} packages are not as locked: {', '.join(other[:3])}{' …' if other[3:] else ''}"
        yield Line(WARN, "versions", found, "Say `make setup`.")
    else:
        yield Line(OK, "versions", "every package is as requirements.lock has it")


def _unlike(lock: str) -> Iterator[str]:
    from packaging.markers import Marker

    for line in lock.splitlines():
        found = _PINNED.match(line)
        if not found or (found[3] and not Marker(found[3].strip()).evaluate()):
            continue
        try:
            installed = version(found[1])
        except PackageNotFoundError:
            installed = "absent"
        if installed != found[2]:
            yield f"{found[1]} {installed}, not {found[2]}"


def _keys(patient: Patient) -> Iterator[Line]:
    from connectors.lake.pseudonyms import pseudonyms_of
    from connectors.lake.storage import is_remote
    from connectors.signing import signing_key
    from dags.sealing import key_path

    settings, key = patient.settings, key_path(patient.settings)
    if not key.exists():
        yield Line(WARN, "keys", f"no signing key yet ({key})", "Nothing: the first run makes it. Keep a copy.")
    else:
        signing_key(key)
        yield from _guarded(key, "signing key")
    if not settings.signing_key and not settings.store.startswith("sqlite"):
        found = f"PLEDGE_SIGNING_KEY is not set: the key is {key} below the folder a command starts in"
        yield Line(WARN, "keys", found, "Set PLEDGE_SIGNING_KEY and PLEDGE_CHAIN_HEAD to whole paths.")
    pseudonyms_of(settings.pseudonym_key)
    if settings.pseudonym_key:
        path = Path(settings.pseudonym_key)
        yield from _guarded(path, "pseudonym key")
        if not is_remote(settings.lake) and path.resolve().is_relative_to(Path(settings.lake).resolve()):
            yield Line(
                WRONG, "keys", "the pseudonym key lies in the lake", "Move it to where no reader of the lake reads."
            )


def _guarded(path: Path, what: str) -> Iterator[Line]:
    mode = path.stat().st_mode
    if mode & OTHERS:
        yield Line(
            WRONG, "keys", f"{what} {path} is open to others (mode {mode & 0o777:o})", f"Say `chmod 600 {path}`."
        )
    else:
        yield Line(OK, "keys", f"{what} {path} can be read, by its owner alone")
    if path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Line(WARN, "keys", f"others may write to its folder {path.parent}", f"Say `chmod go-w {path.parent}`.")


def _disk(patient: Patient) -> Iterator[Line]:
    from connectors.lake.storage import is_remote

    if is_remote(patient.settings.lake):
        return
    folder = Path(patient.settings.lake).absolute()
    free = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.is_dir())).free
    held, whole = _size(folder)
    told = f"{megabytes(free)} free; the lake holds {'' if whole else 'more than '}{megabytes(held)}"
    if free < max(LEAST_FREE, held / 10):
        yield Line(WRONG, "disk", told, "Make room: a night that runs out of it is lost (what it admitted is not).")
    elif free < held:
        yield Line(WARN, "disk", told, "Make room: a copy of the lake no longer fits beside it.")
    else:
        yield Line(OK, "disk", told)


def _size(folder: Path) -> tuple[int, bool]:
    """The bytes below a folder, and whether all were counted in the time there is."""
    total, until = 0, time.monotonic() + WALK_SECONDS
    for above, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(above) / name).st_size
            except OSError:  # gone meanwhile
                continue
        if time.monotonic() > until:
            return total, False
    return total, True


def megabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"


CHECKS = (("versions", _versions), ("keys", _keys), ("disk", _disk))

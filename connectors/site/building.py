"""Writes the site into a folder: only what changed, each file whole or not at all, and nothing that is not its own."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from checks.errors import UsageError, no_room
from connectors.site.page import File, Frame, Page
from connectors.site.rendering import code_hash, render

BUILT = "built.json"
_KINDS = {False: "internal", True: "published"}


@dataclass(frozen=True)
class Built:
    """What a build did, as addresses."""

    written: list[str]
    unchanged: int
    removed: list[str]


def build(out: Path, pages: Iterable[Page | File], frame: Frame) -> Built:
    """Bring the site in a folder up to date.

    What was made from the same content, template and code is left as it is; what is no longer given is removed,
    permanent pages excepted. Killed in the middle, the next build goes on from there.

    Raises:
        UsageError: the folder holds something else, or a site of the other kind (internal, published).
    """
    given = _by_address(pages)
    _made_before(out, frame)  # what is not ours is refused before anything is written
    with _alone(out):
        made = _made_before(out, frame)
        known = given.keys() | {address for address, print_ in made.items() if print_.startswith(_PERMANENT)}
        wanted = dict(_to_write(out, given, made, frame))
        with _remembered(out, made | dict.fromkeys(wanted, _UNFINISHED), frame) as standing:
            for address, print_ in wanted.items():
                _write(out / address, _bytes_of(given[address], frame, known))
                standing[address] = print_
            removed = list(_remove_stale(out, standing, given.keys()))
    return Built(list(wanted), len(given) - len(wanted), removed)


_LOCK = ".lock"
_UNFINISHED = ""
_PERMANENT = "permanent "


def _by_address(pages: Iterable[Page | File]) -> dict[str, Page | File]:
    given: dict[str, Page | File] = {}
    for each in pages:
        path = PurePosixPath(each.address)
        if path.is_absolute() or ".." in path.parts or each.address == BUILT or str(path) != each.address:
            raise ValueError(f"{each.address!r} is no address below the site's root")
        if each.address in given:
            raise ValueError(f"two pages have the address {each.address}")
        given[each.address] = each
    return given


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One build at a time in a folder: another waits. What a killed one left half-written is taken away."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / _LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for unfinished in out.rglob(".*.part"):
                unfinished.unlink()
            yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise no_room(str(out)) from None
        found = f"it cannot be written ({error.strerror})"
        raise UsageError(str(out), found, "a folder this user may write to", "Choose another.") from None


def _to_write(
    out: Path, given: Mapping[str, Page | File], made: Mapping[str, str], frame: Frame
) -> Iterator[tuple[str, str]]:
    """The addresses that are not there as they should be, with their new fingerprints."""
    around = _around(given, frame)
    for address, each in given.items():
        kept = made.get(address) if (out / address).exists() else None
        if each.permanent and kept:
            continue
        print_ = (_PERMANENT if each.permanent else "") + _fingerprint(each, around, frame)
        if kept != print_:
            yield address, print_


def _made_before(out: Path, frame: Frame) -> dict[str, str]:
    """The fingerprints of the site that is there, by address; raises UsageError for a folder that is not ours."""
    kind = _KINDS[frame.published]
    if not out.exists() or all(path.name == _LOCK for path in out.iterdir()):
        return {}
    try:
        known = json.loads((out / BUILT).read_text("utf-8"))
        made, was = dict(known["pages"]), str(known["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        expected = "an empty folder, or a site that was built before"
        raise UsageError(str(out), "it holds files that are no site of ours", expected, "Name another.") from None
    if was != kind:
        found, expected = f"it holds a site that is {was}", f"an empty folder, or a site that is {kind}"
        raise UsageError(str(out), found, expected, "Name another folder: the two are never mixed.")
    return made


@contextmanager
def _remembered(out: Path, made: dict[str, str], frame: Frame) -> Iterator[dict[str, str]]:
    """What is there, written down before anything else is, and at the end: a build that was killed knows its own."""
    _remember(out, made, frame)
    try:
        yield made
    finally:
        _remember(out, made, frame)


def _remember(out: Path, made: Mapping[str, str], frame: Frame) -> None:
    known = {"kind": _KINDS[frame.published], "pages": dict(sorted(made.items()))}
    _write(out / BUILT, json.dumps(known, indent=0).encode())


def _around(given: Mapping[str, Page | File], frame: Frame) -> str:
    """What every page depends on: the code, and which pages there are to link to. New runs change no other page."""
    standing = sorted(
        address for address, each in given.items() if not each.permanent and (isinstance(each, Page) or each.is_linked)
    )
    return _sha256([code_hash(), standing, frame.navigation, frame.published, frame.version, frame.name])


def _fingerprint(each: Page | File, around: str, frame: Frame) -> str:
    if isinstance(each, File):
        return _sha256([around if each.inputs is None else code_hash(), each.inputs])
    if callable(each.content):
        if each.inputs is None:
            raise ValueError(f"{each.address}: content that is made when needed must name its inputs")
        said = each.inputs
    else:
        said = each.content
    shown = [each.title, each.template, each.description, each.crumbs, (each.run or frame.newest)["run_id"]]
    return _sha256([around, shown, said])


def _sha256(value: Any) -> str:
    text = json.dumps(value, default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _bytes_of(each: Page | File, frame: Frame, known: Iterable[str]) -> bytes:
    if isinstance(each, File):
        return each.content()
    content = each.content() if callable(each.content) else each.content
    return render(each, content, frame, set(known) if not isinstance(known, set) else known)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _remove_stale(out: Path, made: dict[str, str], given: Iterable[str]) -> Iterator[str]:
    standing = set(given)
    for address in [each for each, print_ in made.items() if each not in standing]:
        if made[address].startswith(_PERMANENT):
            continue
        (out / address).unlink(missing_ok=True)
        del made[address]
        yield address

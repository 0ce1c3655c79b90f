"""A data file that is not what its run sealed is not read; one that no run has sealed is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.errors import NotAnsweringError
from checks.logs import LOGS
from connectors.lake.merge import merge
from connectors.lake.pinned import PinnedLake
from connectors.lake.rows import row_history
from connectors.lake.seals import file_seals, write_seals
from connectors.lake.tables import Lake

CALLS = """
call_id,force,line,kind,received_at
a,norfolk,999,public,2026-01-15 10:00
c,suffolk,999,public,2026-01-15 10:00
"""
CORRECTED = """
call_id,force,line,kind,received_at
a,norfolk,101,public,2026-01-15 10:00
"""


@pytest.fixture
def sealed(lake: Lake, deliver) -> Lake:
    """A lake whose calls were sealed by two runs, the second after a correction."""
    before: dict[str, int] = {}
    for run, text in (("r1", CALLS), ("r2", CORRECTED)):
        merge(lake, deliver("calls", text), set(), run, "")
        write_seals(lake, run, file_seals(lake, before, lake.versions()))
        before = lake.versions()
    for path in Path(lake.location).rglob("*.parquet"):
        os.utime(path)  # this process wrote them: so that it looks at them again
    return Lake(lake.location)


def flip(path: str) -> None:
    """Change one bit in the middle of a file; its size stays, and nearly its time."""
    said, held = Path(path).stat(), bytearray(Path(path).read_bytes())
    held[len(held) // 2] ^= 1
    Path(path).write_bytes(held)
    os.utime(path, ns=(said.st_atime_ns, said.st_mtime_ns + 1))


def test_a_flipped_bit_keeps_a_force_from_being_read_and_no_other(sealed: Lake) -> None:
    [path] = sealed.files("calls", force=["norfolk"])
    flip(path)
    with pytest.raises(NotAnsweringError, match=r"lake file .*force=norfolk.*its bytes are not those its run sealed"):
        Lake(sealed.location).files("calls", force=["norfolk"])
    with pytest.raises(NotAnsweringError):  # again, not only the first time
        Lake(sealed.location).files("calls")
    assert len(Lake(sealed.location).files("calls", force=["suffolk"])) == 1


def test_restored_it_is_read_again(sealed: Lake) -> None:
    [path] = sealed.files("calls", force=["norfolk"])
    flip(path)
    with pytest.raises(NotAnsweringError):
        sealed.files("calls")
    flip(path)
    assert len(sealed.files("calls")) == 2


def test_what_no_run_has_sealed_is_read(lake: Lake, deliver) -> None:
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    for path in lake.files("calls"):
        flip(path)
    assert len(Lake(lake.location).files("calls")) == 2


def test_a_file_of_an_old_version_is_looked_at_too(sealed: Lake) -> None:
    first = next(version for version in range(9) if len(sealed.names("calls", version)) == 2)
    [old] = set(sealed.names("calls", first)) - set(sealed.names("calls"))
    flip(f"{sealed.location}/{old}")
    for lake in (Lake(sealed.location), PinnedLake(Lake(sealed.location), {"calls": first}, f"{sealed.location}-own")):
        with pytest.raises(NotAnsweringError, match="sealed"):
            lake.files("calls", first)
    with pytest.raises(NotAnsweringError, match="sealed"):
        row_history(Lake(sealed.location), LOGS["calls"], "norfolk", [("a", "norfolk")], sealed.versions()["calls"])
    assert len(sealed.files("calls")) == 2


def test_damaged_seals_are_named(sealed: Lake) -> None:
    for path in sealed.files("seals"):
        Path(path).write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(NotAnsweringError, match="seals: a file cannot be read; whole Parquet files"):
        sealed.files("calls")


def test_a_file_that_is_gone_is_left_to_its_reader(sealed: Lake) -> None:
    [path] = sealed.files("calls", force=["norfolk"])
    Path(path).unlink()
    assert path in sealed.files("calls")

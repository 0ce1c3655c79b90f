"""Erasing from a fetch: the line, what the register remembers, the journal; the fetch stays whole for all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.sources.http.erasing import erase_lines, fetches
from connectors.sources.http.fetch import JOURNAL
from connectors.sources.http.register import REGISTER
from connectors.sources.whole_fetch import MANIFEST, check_unchanged

PLANTED = "URN-7731"


def nothing(_: str) -> bool:
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole fetch of three calls."""
    made = tmp_path / "telephone" / "20260302T060000000000Z-abc"
    made.mkdir(parents=True)
    lines: list[dict[str, Any]] = [{"id": name, "n": 7731} for name in ("a", PLANTED, "c")]
    (made / "calls.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (made / REGISTER).write_text(json.dumps({"": {line["id"]: line for line in lines}}), "utf-8")
    (made / JOURNAL).write_text(json.dumps({"address": f"https://x/{PLANTED}"}) + "\n", "utf-8")
    (made / MANIFEST).write_text(json.dumps({"url": "https://x", "files": {"calls.jsonl": ""}}), "utf-8")
    return made


def held(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.iterdir())


@pytest.mark.parametrize("by", ["number", "text"])
def test_a_line_goes_and_the_fetch_stays_whole(folder: Path, by: str) -> None:
    gone = {"calls": {2}} if by == "number" else {}
    assert erase_lines(folder, gone, nothing if by == "number" else PLANTED.__eq__) == 1
    assert PLANTED not in held(folder)
    assert [json.loads(line)["id"] for line in (folder / "calls.jsonl").open()] == ["a", "c"]
    check_unchanged(folder)
    assert not (folder / JOURNAL).exists()
    assert list(fetches(folder.parents[1])) == [("telephone", folder)]


def test_nothing_to_erase_changes_no_byte(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}
    assert erase_lines(folder, {}, nothing) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST} == before


def test_what_an_unfinished_fetch_was_answered_is_asked_again(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / f"{JOURNAL}.part").write_text(PLANTED, "utf-8")
    assert erase_lines(folder, {"calls": {2}}, nothing) == 1
    assert PLANTED not in held(folder)


def test_a_line_cut_short_goes_by_its_number_or_its_text(folder: Path) -> None:
    with (folder / "calls.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "URN-77')
    assert erase_lines(folder, {"calls": {4}}, PLANTED.__eq__) == 2
    assert "URN-77" not in (folder / "calls.jsonl").read_text("utf-8")

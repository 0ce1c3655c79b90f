"""Rebases: read with author and reason, refused in one sentence when anything is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from checks.errors import UsageError
from checks.spc import Rebase
from connectors.sources.rebases import load

GOOD = "force: norfolk, measure: answer_999, at: 2026-04-01, author: A. Registrar, reason: A new control room"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rebases.yaml"
    path.write_text(text, "utf-8")
    return path


def test_rebases_by_force_and_measure(tmp_path: Path) -> None:
    later = GOOD.replace("2026-04-01", "2026-06-01")
    found = load(written(tmp_path, f"rebases: [{{{GOOD}}}, {{{later}}}, {{{GOOD.replace('norfolk', 'all')}}}]"))
    first = Rebase(date(2026, 4, 1), "A. Registrar", "A new control room")
    assert found["all", "answer_999"] == [first]
    assert [rebase.at for rebase in found["norfolk", "answer_999"]] == [date(2026, 4, 1), date(2026, 6, 1)]


def test_without_a_file_and_in_an_empty_list_there_are_none(tmp_path: Path) -> None:
    assert load(None) == {}
    assert load(written(tmp_path, "rebases: []")) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no list of rebases"),
        ("- a", "no list of rebases"),
        ("rebases: {a: b}", "no list of rebases"),
        ("rebases: []\nmore: 1", "no list of rebases"),
        ("rebases: [", "not YAML"),
        ("rebases: [{at: 2026-02-30}]", "not YAML"),
        ("rebases: [norfolk]", "rebase 1: it does not have just these fields"),
        (f"rebases: [{{{GOOD}}}, {{force: norfolk}}]", "rebase 2: it does not have just these fields"),
        (f"rebases: [{{{GOOD}, note: x}}]", "just these fields"),
        (f"rebases: [{{{GOOD.replace('A. Registrar', '')}}}]", "no author"),
        (f"rebases: [{{{GOOD.replace('A new control room', ' ')}}}]", "no reason"),
        (f"rebases: [{{{GOOD.replace('2026-04-01', 'April')}}}]", "at is April"),
        (f"rebases: [{{{GOOD.replace('2026-04-01', '2026-04-01 10:00:00')}}}]", "at is 2026-04-01 10"),
        (f"rebases: [{{{GOOD.replace('answer_999', 'anser_999')}}}]", "no measure anser_999"),
        (f"rebases: [{{{GOOD}}}, {{{GOOD}}}]", "rebase 2: there is one"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(UsageError, match=found) as refused:
        load(written(tmp_path, text))
    assert "PLEDGE_REBASES" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "nothing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "bytes.yaml")

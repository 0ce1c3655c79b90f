"""Reference data on forces: shipped, replaceable, and refused in one sentence when it is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from checks.errors import UsageError
from connectors.sources.forces import DEFAULT_ZONE, load, zone_of


def test_the_shipped_forces_are_those_of_england_wales_and_beyond() -> None:
    forces = load()
    assert {"norfolk", "suffolk", "staffordshire", "metropolitan"} <= set(forces)
    assert all(ZoneInfo(force.zone) and force.name and force.slug == slug for slug, force in forces.items())


def test_a_file_of_ones_own_replaces_them(tmp_path: Path) -> None:
    path = tmp_path / "forces.yaml"
    path.write_text(
        "zone: Europe/Dublin\nforces:\n  eire:\n    {name: Éire, nation: x, most_similar: {forces: [bank], "
        "source: ours, date: 2026-01-01}}\n"
        "  bank: {name: Bank, zone: Asia/Jerusalem}\n",
        "utf-8",
    )
    forces = load(path)
    assert (forces["eire"].zone, forces["bank"].zone) == ("Europe/Dublin", "Asia/Jerusalem")
    assert forces["eire"].most_similar == ("bank",)
    assert (forces["eire"].similar_source, forces["eire"].similar_date) == ("ours", date(2026, 1, 1))
    assert (forces["bank"].most_similar, forces["bank"].similar_date) == ((), None)
    assert (zone_of(forces, "bank"), zone_of(forces, "unheard-of")) == ("Asia/Jerusalem", DEFAULT_ZONE)


def test_the_shipped_file_invents_no_group_of_similar_forces() -> None:
    assert not any(force.most_similar or force.similar_date for force in load().values())


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("[bank]", "it is no group"),
        ("{source: ours, date: 2026-01-01}", "no list of other forces"),
        ("{forces: bank, source: ours, date: 2026-01-01}", "no list of other forces"),
        ("{forces: [norfolk], source: ours, date: 2026-01-01}", "no list of other forces"),
        ("{forces: [bank], date: 2026-01-01}", "no source or no date"),
        ("{forces: [bank], source: ours}", "no source or no date"),
        ("{forces: [bank], source: ' ', date: 2026-01-01}", "no source or no date"),
        ("{forces: [bank], source: ours, date: soon}", "no source or no date"),
    ],
)
def test_a_group_without_source_and_date_is_refused(tmp_path: Path, group: str, found: str) -> None:
    path = tmp_path / "forces.yaml"
    path.write_text(f"forces: {{norfolk: {{name: Norfolk, most_similar: {group}}}}}")
    with pytest.raises(UsageError, match=f"most_similar of norfolk: .*{found}"):
        load(path)


def test_a_zone_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "forces.yaml"
    path.write_text("forces: {norfolk: {name: Norfolk, zone: Europe/Nowhere}}")
    with pytest.raises(UsageError, match="Europe/Nowhere"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "", "words", "forces: [norfolk]", "forces: {norfolk: Norfolk}", "forces: {norfolk: {nation: england}}",
        "forces: {norfolk: {name: Norfolk, zone: Europe/Nowhere}}", "forces: {norfolk: {name: N, zone: ../x}}", "a: [b",
        "forces: {norfolk: {name: N, zone: ''}}",
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "forces.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as refused:
        load(path)
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)
    with pytest.raises(UsageError):
        load(tmp_path / "absent.yaml")

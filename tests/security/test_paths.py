"""No name leads out of the folder it belongs to.

Names of areas and references: test_hostile_texts.py. Addresses below the site's root: tests/connectors/site/
{test_addresses,test_building}.py. Pages served: tests/dags/{test_serving,test_monthly_for_real}.py.
Names of sources and forces: tests/connectors/sources/test_descriptions.py, tests/connectors/lake/test_lake_typing.py.
Names a server gives: tests/connectors/sources/http/{test_http_fetch,test_http_connection}.py, drops/test_sftp.py.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from connectors.sources.drops.place import Listed
from connectors.sources.drops.taking import local_name
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge
from tests.security.searching import places

UP = "../../../outside"


@pytest.mark.parametrize(
    "name", [UP, "/etc/passwd", "..", ".", "a/../../b.csv", "..\\..\\b.csv", "\0", "a\nb", "~/x", "x" * 5_000 + "/../y"]
)
def test_a_remote_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    held = tmp_path / f"0123-{local_name(Listed(name, 1, 0.0, ''))}"
    assert held.parent == tmp_path and held.resolve().parent == tmp_path.resolve()
    held.write_bytes(b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--source", UP), ("run", "--source", f"{UP}=calls.csv"), ("standards", "show", UP),
        ("run", "--input", "logs", "--standard", UP), ("check", UP, "calls.csv"),
        ("check", "calls", "", "--source", UP),
        ("cases", "--measure", UP), ("sql", "--measure", UP), ("verdicts", "--run", UP), ("verdicts", "--standard", UP),
        ("pack", "--measure", UP, "--period", "2026-03", "--out", "x.zip"),
        ("pack", "--measure", "answer_999", "--period", UP, "--out", "x.zip"),
    ],
)  # fmt: skip
def test_no_argument_is_a_path_but_those_that_are_meant_to_be(
    pledge: Pledge, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(pledge.folder)
    outside = (pledge.folder / UP).resolve()
    for ending in ("", ".sql", ".yaml", ".csv"):
        outside.with_name(outside.name + ending).write_text("not for you: canary-9999")
    write(pledge.input, "calls", [call("a", "2026-03-01 10:00:00")])
    said = pledge(*arguments)
    assert said.code != 0 or b"(no rows)" in said.out
    assert "Traceback" not in said.err and "canary-9999" not in said.err and b"canary-9999" not in said.out
    assert places(pledge.folder, "canary-9999") == []


def test_a_link_in_a_delivery_is_the_file_it_names_and_a_link_to_nothing_is_none(pledge: Pledge) -> None:
    (pledge.input / "calls.csv").symlink_to(pledge.folder / "nowhere")
    said = pledge.run("2026-03-03T06:00:00Z")
    assert said.code == 2 and "no log is in it" in said.err


def test_a_workbook_with_names_that_lead_out_writes_nothing(pledge: Pledge) -> None:
    path = pledge.input / "calls.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("../../../outside.txt", "canary-9999")
        book.writestr("/xl/workbook.xml", "<x/>")
    before = files_below(pledge.folder.parent)
    assert pledge("check", "calls", str(path)).code == 1
    assert files_below(pledge.folder.parent) == before


def files_below(folder: Path) -> set[Path]:
    """All but what SQLite makes and takes away beside a store that is open."""
    return {path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm"))}

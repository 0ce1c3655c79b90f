"""The audit chain as an auditor meets it: it holds on what was left alone, and names whatever was changed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from checks.chain import FORMAT, canonical, sha256
from connectors.store.sealed import sealed_tables
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, Said

TAMPERINGS = int(os.environ.get("PLEDGE_TAMPERINGS", "20"))
NIGHTS = ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z")


@pytest.fixture(scope="module")
def standards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a standard of the force's own, which a test may change."""
    folder = tmp_path_factory.mktemp("standards")
    shipped = Path(__file__).parents[2] / "expectations" / "standards"
    source = next(shipped.glob("*national_response*.yaml")).read_text("utf-8")
    text = source.replace("national_response_standards_2026", "our_own_2026")
    text = "\n".join("title: Our own" if line.startswith("title:") else line for line in text.splitlines())
    (folder / "2026-01-26_our_own_2026.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, standards: Path) -> Pledge:
    """Three nights: new rows, a corrected row and a quarantined one; and a run that failed between them."""
    pledge = Pledge(tmp_path_factory.mktemp("sealed"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
            patch.delenv(name)
        patch.setenv("PLEDGE_STANDARDS", str(standards))
        for number, as_at in enumerate(NIGHTS, start=1):
            calls = [call(f"c{n}", f"2026-03-0{1 + n % number} 1{n % 10}:00:00", (5, 12)[n % 2]) for n in range(20)]
            write(pledge.input, "calls", [*calls, call(f"odd{number}", "2026-03-01 09:00:00", 5, line="998")])
            write(pledge.input, "incidents", [incident("i1", "2026-03-01 10:00:00", 9 + number)])
            said = pledge.run(as_at, "--standard", "policing_pledge_2008", "--standard", "our_own_2026")
            assert said.code in (0, 1), said.err
            if number == 1:
                _failed(pledge)
    return pledge


def _failed(pledge: Pledge) -> None:
    """A run that was killed before its end."""
    with closing(sqlite3.connect(pledge.folder / "pledge.sqlite")) as db:
        db.execute(
            "insert into runs (run_id, run_number, as_at, standards, started_at, status) "
            "values ('killed', 2, '2026-03-02T07:00:00.000000Z', '[]', '2026-03-02T07:00:00.000000Z', 'failed')"
        )
        db.commit()


@pytest.fixture
def copy(sealed: Pledge, standards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    """A copy of the sealed store and lake, to be changed at will."""
    shutil.copytree(sealed.folder, tmp_path / "copy")
    shutil.copytree(standards, tmp_path / "standards")
    monkeypatch.setenv("PLEDGE_STANDARDS", str(tmp_path / "standards"))
    return Pledge(tmp_path / "copy")


def verified(pledge: Pledge, *more: str) -> Said:
    return pledge("verify", "--format", "json", *more)


def named(pledge: Pledge) -> str:
    """What `pledge verify` names, as one text; it must say that the chain does not hold."""
    said = verified(pledge)
    assert said.code == 4, said.err
    return json.dumps(said.rows, ensure_ascii=False)


def change(pledge: Pledge, *statements: str) -> None:
    """Change the store as somebody may who can write its file: past triggers and keys."""
    with closing(sqlite3.connect(pledge.folder / "pledge.sqlite")) as db:
        for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {trigger}")
        for statement in statements:
            assert db.execute(statement).rowcount, statement
        db.commit()


def test_what_was_left_alone_holds(sealed: Pledge, copy: Pledge) -> None:
    said = verified(copy)
    assert (said.code, said.rows) == (0, []), said
    assert "3 runs" in said.err
    assert copy("verify").out.decode() == "The chain holds.\n"
    heads = (copy.folder / "chain-head.txt").read_text().splitlines()
    assert [line.split()[0] for line in heads] == ["1", "2", "3"]


def test_the_same_run_again_adds_a_run_and_nothing_else(copy: Pledge) -> None:
    before, versions = copy.tables(), copy.versions()
    assert copy.run(NIGHTS[-1], "--standard", "policing_pledge_2008", "--standard", "our_own_2026").code in (0, 1)
    after = copy.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}
    assert copy.versions() == versions
    assert verified(copy).code == 0


def test_it_is_checked_with_the_public_key_alone(copy: Pledge) -> None:
    public = (copy.folder / "signing-key.pem.pub").rename(copy.folder / "copy.pem")
    (copy.folder / "signing-key.pem").unlink()
    assert verified(copy, "--public-key", str(public)).code == 0
    said = verified(copy)
    assert said.code == 0
    assert "by the key the runs themselves name" in said.err


def test_another_key_is_named(copy: Pledge) -> None:
    (copy.folder / "signing-key.pem").unlink()
    (copy.folder / "signing-key.pem.pub").unlink()
    assert copy.run(NIGHTS[-1]).code in (0, 1)
    assert "signature" in named(copy)


@pytest.mark.parametrize(
    ("change_it", "name"),
    [
        (
            "update verdicts set met = met + 1 where measure = 'answer_999' and period = 'month' and area = ''",
            "verdicts",
        ),
        ("update deliveries set sha256 = 'f' || substr(sha256, 2)", "deliveries"),
        ("update verdicts set period_start = '2026-0X-01' where period = 'month'", "2026-0X-01"),
        ("update deliveries set received_at = 'long ago'", "deliveries"),
        ("update runs set as_at = '2026-03-02T06:00:01.000000Z' where run_number = 1", "as_at"),
        ("update runs set hash = previous_hash, previous_hash = hash where run_number = 3", "run"),
        ("delete from runs where run_number = 3", "the run before it is gone"),
        ("delete from runs where hash = (select r.hash from runs r order by finished_at desc limit 1)", "chain-head"),
        ("delete from runs where run_id = 'killed'", "killed"),
        ("update runs set status = 'failed', manifest = '', hash = '' where run_number = 1", "run"),
        ("update runs set manifest = replace(manifest, '\"position\":2', '\"position\":3')", "manifest"),
        ("update runs set manifest = '{' where run_number = 3", "manifest"),
        (
            "insert into commitments (run_id, run_number, standard, commitment, force, area, period, period_start, "
            "verdict) values ('killed', 2, 's', 5, 'norfolk', '', 'day', '2026-03-01', 'kept')",
            "commitments",
        ),
    ],
)
def test_what_was_changed_is_named(copy: Pledge, change_it: str, name: str) -> None:
    change(copy, change_it)
    assert name in named(copy)


@pytest.mark.parametrize(
    ("change_it", "command"),
    [
        ("update verdicts set period_start = '2026-0X-01' where rowid = (select max(rowid) from verdicts)", "verdicts"),
        ("update runs set as_at = 'long ago'", "verify"),
        (
            "update verdicts set force = cast(x'ff41' as text) where rowid = (select max(rowid) from verdicts)",
            "verdicts",
        ),
    ],
)
def test_what_cannot_be_read_is_called_so(copy: Pledge, change_it: str, command: str) -> None:
    change(copy, change_it)
    said = copy(command)
    assert said.code == 3
    assert re.search(r"the store: a (value|moment|text) in it cannot be read; .* Restore the store", said.sentence)


NOT_NUMBERS = {
    "a_count": "update verdicts set cases = '1O' where measure = 'answer_999' and period = 'month'",
    "bytes": "update verdicts set met = x'31' where measure = 'answer_999' and period = 'month'",
    "infinite": "update verdicts set cases = 9e999 where measure = 'answer_999' and period = 'month'",
    "a_target": "update verdicts set target = 'nine' where measure = 'answer_999' and period = 'month'",
}


@pytest.mark.parametrize("damage", NOT_NUMBERS)
def test_a_row_whose_number_is_none_is_named(copy: Pledge, damage: str) -> None:
    change(copy, NOT_NUMBERS[damage])
    for command in ("verdicts", "verdicts --published", "budget", "series --measure answer_999 --force norfolk"):
        said = copy(*command.split())
        if said.code == 0:  # what does not read that column says what it would
            assert damage == "a_target"
            assert command != "verdicts"
            continue
        assert said.code == 3
        assert re.search(r"the store, verdicts \[.*answer_999.*\]: a number in it cannot be read; ", said.sentence)
    assert "verdicts" in named(copy)


@pytest.mark.parametrize("damage", NOT_NUMBERS)
def test_a_night_on_a_number_that_is_none_fails_in_a_sentence_or_says_what_it_would(copy: Pledge, damage: str) -> None:
    change(copy, NOT_NUMBERS[damage])
    said = copy.run(NIGHTS[-1])
    assert said.code == 3 or (said.code in (0, 1) and damage == "a_target")
    assert "nobody foresaw" not in said.err
    if said.code == 3:
        assert "a number in it cannot be read" in said.sentence


def test_runs_in_another_order_are_named(copy: Pledge) -> None:
    change(
        copy,
        "update runs set run_number = -1 where run_number = 1",
        "update runs set run_number = 1 where run_number = 3",
        "update runs set run_number = 3 where run_number = -1",
    )
    assert "run_number" in named(copy)


def test_a_changed_standard_is_named(copy: Pledge, tmp_path: Path) -> None:
    path = next((tmp_path / "standards").glob("*.yaml"))
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
    assert "standard our_own_2026" in named(copy)


def test_a_changed_or_missing_file_of_the_lake_is_named(copy: Pledge) -> None:
    changed, missing = sorted((copy.lake / "calls").rglob("*.parquet"))[:2]
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    missing.unlink()
    said = named(copy)
    assert changed.name in said
    assert missing.name in said


def test_every_run_judged_again_says_the_same(copy: Pledge) -> None:
    said = verified(copy, "--recompute")
    assert (said.code, said.rows) == (0, []), said
    assert said.err.count("all as recorded") == len(NIGHTS)


def test_a_figure_that_judging_again_does_not_give_is_named(copy: Pledge) -> None:
    changed = "update verdicts set met = met + 1, missed = missed - 1, numerator = numerator + 1"
    change(copy, f"{changed} where measure = 'answer_999' and period = 'month' and force = 'norfolk' and missed > 0")
    (run,) = {row["run_id"] for row in copy.rows("runs") if row["run_number"] == 1}
    said = verified(copy, "--recompute", "--run", run)
    assert said.code == 4
    assert [row["found"] for row in said.rows if row["found"].startswith("judged again: met")]


def test_a_run_whose_files_are_gone_cannot_be_judged_again(copy: Pledge) -> None:
    for path in (copy.lake / "calls").rglob("*.parquet"):
        path.unlink()
    said = verified(copy, "--recompute")
    assert said.code == 4
    assert said.err.count("files it judged are gone") == len(NIGHTS)


def test_random_tamperings_are_all_found(copy: Pledge, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    for number in range(TAMPERINGS):
        victim = Pledge(tmp_path / f"victim{number}")
        shutil.copytree(copy.folder, victim.folder, dirs_exist_ok=True)
        done = tampered(victim, draw)
        said = verified(victim)
        assert said.code == 4, f"seed {seed}: not found: {done}"
        assert any(done[0] in row["where"] for row in said.rows), f"seed {seed}: {done} named as {said.rows}"
        shutil.rmtree(victim.folder)
    print(f"{TAMPERINGS} of {TAMPERINGS} tamperings found (seed {seed})")


def tampered(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    """Where something was changed, and what; a change the database itself refuses is none."""
    while True:
        with suppress(sqlite3.IntegrityError):
            return draw.choice([_a_value, _a_row_gone, _a_row_again, _a_byte_of_the_lake, _a_run_value])(pledge, draw)


def _a_row(pledge: Pledge, draw: random.Random) -> tuple[Any, dict[str, Any], int]:
    with closing(sqlite3.connect(pledge.folder / "pledge.sqlite")) as db:
        db.row_factory = sqlite3.Row
        filled = [t for t in sealed_tables() if db.execute(f"select 1 from {t.name}").fetchone()]
        table = draw.choice(filled)
        row = draw.choice(db.execute(f"select rowid as place, * from {table.name}").fetchall())
    return table, dict(row), row["place"]


def _other(value: Any, draw: random.Random) -> str:
    if isinstance(value, int | float):
        return str(value + draw.choice((1, -1)))
    text = str(value or "")
    place = draw.randrange(len(text) + 1)
    changed = text[:place] + draw.choice("0123456789abc") + text[place + 1 :]
    return "'" + (changed if changed != text else changed + "x").replace("'", "''") + "'"


def _a_value(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    table, row, place = _a_row(pledge, draw)
    # Not those by which a row is told to belong to a run, nor those that hold one of a few words or a date.
    closed = {"run_id", "delivery_id", "period", "verdict", "fitness", "run_number"}
    free = [
        c.name
        for c in table.columns
        if c.computed is None
        and c.name not in closed
        and (c.type.python_type is str or (c.type.python_type is int and row[c.name] is not None))
    ]
    column = draw.choice(free)
    change(pledge, f'update {table.name} set "{column}" = {_other(row[column], draw)} where rowid = {place}')
    return table.name, f"{column} of row {place}"


def _a_row_gone(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    table, _, place = _a_row(pledge, draw)
    change(pledge, f"delete from {table.name} where rowid = {place}")
    return table.name, f"row {place} deleted"


def _a_row_again(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    """A row under another run than the one that wrote it, or under none there is."""
    table, _, place = _a_row(pledge, draw)
    run = draw.choice(("killed", "nobody"))
    ours = {"run_id": f"'{run}'", "delivery_id": "'added'", "run_number": "90"}
    names = [c.name for c in table.columns if c.computed is None]
    listed = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(ours.get(name, f'"{name}"') for name in names)
    change(pledge, f"insert into {table.name} ({listed}) select {values} from {table.name} where rowid = {place}")
    return table.name, f"row {place} added again under {run}"


def _a_byte_of_the_lake(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    path = draw.choice([p for p in sorted(pledge.lake.rglob("*.parquet")) if "/seals/" not in str(p)])
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 + draw.randrange(255)
    path.write_bytes(content)
    return "lake/", path.name


def _a_run_value(pledge: Pledge, draw: random.Random) -> tuple[str, str]:
    column = draw.choice(
        ["code_version", "standards", "figures_hash", "hash", "previous_hash", "manifest", "signature"]
    )
    with closing(sqlite3.connect(pledge.folder / "pledge.sqlite")) as db:
        number, value = draw.choice(
            db.execute(f"select run_number, {column} from runs where manifest <> '' and {column} <> ''").fetchall()
        )
    change(pledge, f"update runs set {column} = {_other(value, draw)} where run_number = {number}")
    return "run", column


def test_the_test_vector() -> None:
    vector = {"previous_hash": "", "position": 1, "format": FORMAT}
    assert canonical(vector) == b'{"format":"policing-pledge-manifest/1","position":1,"previous_hash":""}'
    assert sha256(canonical(vector)) == "0169ff0369ff25efa2ea26eefa6363dbfd848467c998bc4c84501645647c6bf8"


STRANGER = """
import hashlib, json, sqlite3, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
asked = "select hash, previous_hash, manifest, signature, public_key from runs where manifest <> ''"
for hash, previous, manifest, signature, public in sqlite3.connect(sys.argv[1]).execute(asked):
    assert hashlib.sha256(manifest.encode()).hexdigest() == hash
    assert json.loads(manifest)["previous_hash"] == previous
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), bytes.fromhex(hash))
    print(hash)
"""


def test_a_stranger_checks_it_in_ten_lines(sealed: Pledge) -> None:
    command = [sys.executable, "-I", "-c", STRANGER, str(sealed.folder / "pledge.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(NIGHTS)

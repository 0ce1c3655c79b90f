"""README's page on reading the tables: it names every one, and its queries answer on either database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
PAGE = README.split("## Reading the tables\n")[1].split("\n## ")[0]
QUERIES = dict(re.findall(r"^-- (.*?)\n(.*?);$", PAGE.split("```sql\n")[1].split("```")[0], re.DOTALL | re.MULTILINE))


def test_the_page_names_every_table_and_view(judged: Pledge) -> None:
    engine = create_engine(judged.store)
    with engine.connect() as conn:
        there = {*inspect(conn).get_table_names(), *inspect(conn).get_view_names()}
    engine.dispose()
    assert there - set(re.findall(r"`(\w+)`", PAGE)) == set()
    assert len(PAGE.splitlines()) <= 45
    assert len(QUERIES) == 5


def test_its_queries_answer(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month in which a third of the calls came late, one of them corrected on the second night; then it is signed."""
    monkeypatch.setenv("PLEDGE_REGISTRARS", "A. Registrar")
    pledge = Pledge(tmp_path, store_url)
    rows = [call(f"c{n}", f"2026-03-{n % 28 + 1:02} 12:{n % 60:02}:00", 5 if n % 3 else 30) for n in range(60)]
    rows.append(call("bad", "2026-03-05 12:00:00", line="998"))
    for as_at, told in (
        ("2026-04-01T06:00:00Z", rows),
        ("2026-04-02T06:00:00Z", [call("c0", "2026-03-01 12:00:00", 5)]),
    ):
        write(pledge.input, "calls", told)
        said = pledge.run(as_at)
        assert said.code == 0, said.err
    assert pledge("close", "--month", "2026-03", "--by", "A. Registrar").code == 0
    missed, changed, breaches, logs, signed = (_answer(pledge, query) for query in QUERIES.values())
    figure = one(row for row in missed if row["force"] == "norfolk")
    assert (figure["measure"], figure["numerator"], figure["denominator"]) == ("answer_999", 41, 60)
    assert 0 < figure["rate_low"] < figure["rate"] < figure["rate_high"] < 0.9
    day = one(row for row in changed if (row["force"], row["area"], row["period"]) == ("norfolk", "", "day"))
    assert (str(day["period_start"]), day["restated_why"]) == ("2026-03-01", "late or corrected rows were delivered")
    assert len(breaches) == 19 and breaches == sorted(breaches, key=lambda row: str(row["due_at"]))
    log = one(logs)
    assert (log["log"], log["read"], log["refused"]) == ("calls", 62, 1)
    assert (str(one(signed)["month"]), one(signed)["decision"], one(signed)["signed_by"]) == (
        "2026-03-01", "signed", "A. Registrar",
    )  # fmt: skip


def _answer(pledge: Pledge, query: str) -> list[dict[str, Any]]:
    engine = create_engine(pledge.store)
    with engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(text(query)).mappings()]
    engine.dispose()
    assert rows, query
    return rows

"""Breaches, integrity signals and data quality as pages, on either database."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from connectors.settings import Settings
from connectors.site import breaches as register
from connectors.store import tables
from connectors.store.engine import open_store
from dags.reporting import report
from tests.connectors.site import recorded
from tests.connectors.site.html_of import Html, dead_links
from tests.connectors.site.recorded import figure

RUN = "20260501T050000Z-00000001"
HOSTILE = '=1+1</td><script>x</script><b title="y">'
AT = datetime(2026, 4, 3, 10, tzinfo=UTC)


def breach(number: int, **more: Any) -> dict[str, Any]:
    day = date(2026, 4, 1 + number % 28)
    row = {
        "breach_id": f"b{number}", "standard": "policing_pledge_2008", "measure": "answer_999", "force": "norfolk",
        "area": "", "neighbourhood": "", "case_id": f"c{number}", "due_at": datetime(2026, 4, day.day, tzinfo=UTC),
        "elapsed_seconds": 12.5, "severity": "high", "status": "open", "opened_run": RUN, "closed_run": None,
        "local_day": day,
    }  # fmt: skip
    return row | more


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Iterator[Settings]:
    recorded.record(store_url, [figure("answer_999", met=95, of=100)], RUN)
    yield Settings(lake=str(tmp_path / "lake"), store=store_url)


def add(settings: Settings, table: Any, *rows: dict[str, Any]) -> None:
    engine = open_store(settings.store)
    with engine.begin() as conn:
        conn.execute(insert(table), list(rows))
    engine.dispose()


def built(settings: Settings, out: Path, **values: Any) -> Path:
    report(settings, out, **values)
    assert dead_links(out) == []
    return out


def test_the_register_counts_lists_and_gives_all_of_it(settings: Settings, tmp_path: Path) -> None:
    many = [breach(number) for number in range(register.SHOWN + 50)]
    odd = breach(
        999, area=HOSTILE, case_id="x" * 300, status="explained", local_day=None, due_at=None, elapsed_seconds=None
    )
    add(settings, tables.breaches, *many, odd, breach(1000, standard="national_response_standards_2026"))
    told = {"breach_id": "b999", "reason": "weather_or_road", "recorded_by": "Sgt Private", "explanation_id": "z"}
    add(
        settings,
        tables.explanations,
        {**told, "recorded_at": AT, "text": "the first word"},
        {**told, "recorded_at": AT.replace(hour=11), "text": HOSTILE, "reason": "it_failure"},
    )
    site = built(settings, tmp_path / "site")
    first = Html(site / "breaches" / "index.html")
    assert "A system or a line failed" in first.text and "Weather" not in first.text, "the newest explanation counts"
    of_measure, of_month = (site / "breaches" / "norfolk" / name for name in ("answer_999.html", "2026-04.html"))
    assert (
        f"{register.SHOWN + 51:,} misses" in Html(of_measure).text
        and f"{register.SHOWN + 50:,} misses" in Html(of_month).text
    )
    with of_measure.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == register.SHOWN + 51
    explained = next(row for row in rows if row["breach_id"] == "b999")
    assert explained["text"] == f"'{HOSTILE}" and explained["reason"] == "it_failure"
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "<script>x" not in text and "Sgt Private" not in text and page.stat().st_size < 150_000, page


def test_an_explanation_changes_its_own_pages_and_no_others(settings: Settings, tmp_path: Path) -> None:
    add(settings, tables.breaches, breach(1), breach(2, measure="attend_emergency", local_day=date(2026, 3, 2)))
    site = built(settings, tmp_path / "site")
    add(
        settings,
        tables.explanations,
        {"breach_id": "b1", "recorded_at": AT, "reason": "it_failure", "explanation_id": "z"},
    )
    written = set(report(settings, site).written)
    changed = {"breaches/index.html", "breaches/norfolk.html"}
    changed |= {f"breaches/norfolk/{name}.{form}" for name in ("answer_999", "2026-04") for form in ("html", "csv")}
    assert {each for each in written if each.startswith("breaches/")} == changed
    assert report(settings, site).written == []


def test_nothing_of_it_is_for_outside(settings: Settings, tmp_path: Path) -> None:
    add(settings, tables.breaches, breach(1))
    signal = {
        "run_id": RUN,
        "signal": "closed_without_arrival",
        "force": "norfolk",
        "sentence": "5 of 9.",
        "cases": "c1",
    }
    add(
        settings,
        tables.integrity_signals,
        {**signal, "count": 5, "of": 9, "notable": True, "measure": "attend_emergency"},
    )
    site = built(settings, tmp_path / "outside", published=True)
    assert not (site / "breaches").exists() and not (site / "integrity").exists()
    inside = built(settings, tmp_path / "inside")
    page = Html(inside / "integrity" / "norfolk.html")
    assert "1 pattern is worth a look." in page.text and "5 of 9" in page.text and "c1" in page.text


def test_data_quality_says_what_was_refused_and_why_inside_only(settings: Settings, tmp_path: Path) -> None:
    delivery = {"run_id": RUN, "log": "calls", "received_at": AT, "sha256": "ff", "force": "norfolk", "source": "calls"}
    delivery |= {"rows_read": 9, "location": "/drop/secret_place/calls.csv", "reason": ""}
    add(
        settings,
        tables.deliveries,
        {**delivery, "delivery_id": "d1", "fitness": "fit"},
        {**delivery, "delivery_id": "d2", "fitness": "unfit", "reason": HOSTILE, "received_at": AT.replace(day=4)},
    )
    refused = {"delivery_id": "d1", "log": "calls", "rule": "required:line", "sentence": "line is empty."}
    add(settings, tables.quarantine, {**refused, "row_number": 1}, {**refused, "row_number": 2})
    page = Html(built(settings, tmp_path / "inside") / "data-quality" / "norfolk.html")
    assert "line is empty." in page.text and HOSTILE in page.text and "✘ Not fit to judge from" in page.text
    assert "calls.csv" in page.text and "secret_place" not in page.text
    outside = Html(built(settings, tmp_path / "outside", published=True) / "data-quality" / "norfolk.html")
    assert "✘ Not fit" in outside.text
    assert not [word for word in ("line is empty.", HOSTILE, "calls.csv") if word in outside.text]

"""Pages of measures, places and comparisons: their figures are the store's, their charts have text, they stay right."""

from __future__ import annotations

import csv
import json
import re
import shlex
from datetime import date
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from scipy.stats import binomtest

from connectors.settings import Settings
from connectors.site import downloads
from connectors.site.downloads import Table
from connectors.store.compared import record_compared
from connectors.store.engine import open_store
from connectors.store.findings import record_delays
from connectors.store.sensitivity import record_sensitivity
from dags.reporting import report
from tests.connectors.site import recorded
from tests.connectors.site.html_of import Html
from tests.connectors.site.recorded import MAIN, Row, figure
from tests.connectors.site.test_site_pages import HOSTILE, RUN, Site, problems

PAGE = "measures/answer_999/norfolk.html"
APRIL = date(2026, 4, 1)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def months(count: int, **values: Any) -> list[Row]:
    index = [2026 * 12 + 3 - n for n in range(count)]
    starts = [date(each // 12, each % 12 + 1, 1) for each in index]
    return [figure(start=start, met=900 + start.month, of=1000, **values) for start in starts]


def add(site: Site, **tables: list[Row]) -> None:
    """What the run found beside its figures."""
    engine = open_store(site.url)
    with engine.begin() as conn:
        if "sensitivity" in tables:
            record_sensitivity(conn, RUN, tables["sensitivity"])
        if "delays" in tables:
            record_delays(conn, RUN, tables["delays"], ["norfolk"], lambda month: True)
        for name in ("comparisons", "funnels"):
            if name in tables:
                record_compared(conn, RUN, name, tables[name])
    engine.dispose()
    report(site.settings, site.out)


def test_the_figure_its_interval_and_its_bounds_are_those_of_the_counts(site: Site) -> None:
    rows = [figure(met=1_204, of=1_301, unknown=7, excluded=12, excluded_by_reason='{"test": 12}')]
    page = site.of(rows).page(PAGE)
    low, high = binomtest(1_204, 1_301).proportion_ci(method="wilson")
    for said in (
        "Norfolk Constabulary, promise 5 999 calls answered in time",
        "Answer every 999 call within ten seconds.",
        "Was it kept in April 2026? ✔ Kept 92.5 % of 1,301, target 90 %.",
        f"the true share lies between {low:.1%} and {high:.1%}".replace("%", " %"),
        "7 cases could not be judged: were all of them missed, it would be 92.0 %.",
        f"7; the rate if all were missed, or all met: {1204 / 1308:.1%} to {1211 / 1308:.1%}".replace("%", " %"),
        "It is provisional: a late or corrected record may still change it.",
        f"12 of 1,320 {12 / 1320:.1%}".replace("%", " %"),  # left out, of recorded
        f"{1204 / 1313:.1%}".replace("%", " %"),  # the rate if those had been missed
        "Test 12",
        "A call on line 999 that was presented to the force.",
        "10 seconds",
    ):
        assert said in page.text, said


def test_every_figure_of_the_table_has_the_command_that_traces_it(site: Site) -> None:
    said = site.of(months(3)).page(PAGE).text
    for start in ("2026-02-01", "2026-03-01", "2026-04-01"):
        command = f"pledge trace --measure answer_999 --force norfolk --period month --standard {MAIN} --start {start}"
        assert command in said


def test_the_chart_stands_in_the_page_with_its_finding(site: Site) -> None:
    site.of(months(15))
    html = (site.out / PAGE).read_text("utf-8").replace("\u00a0", " ")
    svg = re.search(r"<svg.*?</svg>", html, re.S)
    assert svg and 'role="img"' in svg[0]
    finding = re.search(r"<desc[^>]*>(.*?)</desc>", svg[0], re.S)
    assert finding and finding[1].startswith("999 calls answered in time, Norfolk Constabulary: 90.4 % of 1,000 cases")
    assert html.count(finding[1]) == 2  # for who cannot see it, and beside it
    assert "Target 90 %" in svg[0]
    assert len(list((site.out / "charts").glob("*.svg"))) >= 1


def test_the_downloads_hold_every_month_of_the_page(site: Site) -> None:
    site.of([*months(40), figure(force="suffolk", met=5, of=6)])
    page = site.page(PAGE)
    assert "4 earlier ones in the downloads" in page.text
    rows = list(csv.DictReader((site.out / PAGE).with_suffix(".csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 40
    newest = rows[-1]
    assert (newest["period_start"], newest["numerator"], newest["denominator"]) == ("2026-04-01", "904", "1000")
    assert shlex.split(newest["trace"])[:2] == ["pledge", "trace"]
    table = json.loads((site.out / PAGE).with_suffix(".json").read_text("utf-8"))
    assert [row["numerator"] for row in table["rows"]] == [int(row["numerator"]) for row in rows]
    book = openpyxl.load_workbook(site.out / "measures/answer_999/index.xlsx")
    assert book.sheetnames == ["Cover", "Figures"]
    sheet = book["Figures"]
    assert len(sheet.tables) == 1  # marked as a table, as a screen reader needs it
    cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
    heading = next(number for number, line in enumerate(cells) if "Met (numerator)" in line)
    column = cells[heading].index("Met (numerator)")
    assert [line[column] for line in cells[heading + 1 :]] == [*(int(row["numerator"]) for row in rows), 5]


@pytest.mark.parametrize("bad", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1", "$$x$$ [a](http://b)", "§§"])
def test_no_download_holds_a_formula(bad: str) -> None:
    table = Table(bad, (bad,), {"area": bad, "n": "Number", "on": "Day", "no": "Nothing"},
                  [{"area": bad, "n": -5, "on": APRIL, "no": None}])  # fmt: skip
    made = {file.address: file.content() for file in downloads.files("a.html", table, ("csv", "json", "xlsx"))}
    _, row = csv.reader(StringIO(made["a.csv"].decode("utf-8-sig")))
    assert not row[0].startswith(("=", "+", "-", "@", "\t")) and row[1:] == ["-5", "2026-04-01", ""]
    assert json.loads(made["a.json"])["rows"] == [{"area": bad, "n": -5, "on": "2026-04-01", "no": None}]
    for sheet in openpyxl.load_workbook(BytesIO(made["a.xlsx"])):
        for cell in (cell for line in sheet.iter_rows() for cell in line):
            assert cell.data_type != "f" and cell.hyperlink is None


def test_the_same_table_is_the_same_workbook() -> None:
    table = Table("t", (), {"n": "Number"}, [{"n": 1}])
    one, two = (next(downloads.files("a.html", table, ("xlsx",))).content() for _ in range(2))
    assert [cell.value for line in openpyxl.load_workbook(BytesIO(one))["Figures"].iter_rows() for cell in line] == [
        cell.value for line in openpyxl.load_workbook(BytesIO(two))["Figures"].iter_rows() for cell in line
    ]


def test_other_definitions_comparisons_and_delays_are_told(site: Site) -> None:
    counts = {"cases": 100, "pending": 0, "unknown": 0, "excluded": 0, "timed": 0, "denominator": 100, "target": 0.9}
    place = {"standard": MAIN, "measure": "answer_999", "force": "norfolk", "period": "month", "period_start": APRIL}
    other = {"met": 40, "missed": 60, "numerator": 40, "verdict": "missed", "verdict_changes": True}
    own = {"met": 95, "missed": 5, "numerator": 95, "verdict": "kept", "verdict_changes": False}
    stage = {"measure": "answer_999", "force": "norfolk", "period_start": APRIL, "left_out": 0, "mean_seconds": 9.0}
    site.of([figure()])
    add(
        site,
        sensitivity=[
            {**place, **counts, **own, "definition": '{"clock_start":"presented_to_force"}', "changed": ""},
            {**place, **counts, **other, "definition": '{"clock_start":"dialled"}', "changed": "clock_start"},
        ],
        comparisons=[
            {**place, "against": "last_year", "numerator": 95, "denominator": 100, "other_numerator": 80,
             "other_denominator": 100, "difference": 0.15, "low": 0.06, "high": 0.24, "found": "significantly better",
             "grade": "", "why": "z test, two-sided, p = 0.00136."},
            {**place, "against": "similar_forces", "numerator": 95, "denominator": 100, "other_numerator": 0,
             "other_denominator": 0, "difference": None, "low": None, "high": None, "found": "cannot_judge",
             "grade": "", "why": "The reference data on forces names no most similar forces of this one."},
        ],
        delays=[
            {**stage, "area": "", "stage": "answer", "n": 90, "p50_seconds": 4.0, "p90_seconds": 9.0, "share": 0.1,
             "costs_most": False},
            {**stage, "area": "", "stage": "travel", "n": 90, "p50_seconds": 600.0, "p90_seconds": 900.0,
             "share": 0.9, "costs_most": True},
        ],
    )  # fmt: skip
    page = site.page(PAGE)
    for said in (
        "Counted by 1 of 1 other documented definitions, the verdict would be another",
        "Clock start: dialled 40 of 100 40.0 % ✘ Missed Yes",
        "The same period a year before Significantly better +15.0 points +6.0 to +24.0",
        "Its most similar forces Cannot be judged – – The reference data on forces names no most similar forces",
        "Most of the time goes into travel: 90 %.",
        "Travel (costs most)",
    ):
        assert said in page.text, said
    assert problems(site.out) == []
    assert "Cannot be judged" in site.page("compare/answer_999.html").text


def _funnel(level: str, within: str, unit: str, met: int, of: int, place: str) -> Row:
    return {
        "standard": MAIN, "measure": "answer_999", "period": "month", "period_start": APRIL, "level": level,
        "within": within, "unit": unit, "numerator": met, "denominator": of, "rate": met / of, "pooled": 0.9,
        "phi": None, "overdispersed": False, "low_95": 0.85, "high_95": 0.95, "low_998": 0.8, "high_998": 0.99,
        "place": place, "note": "Exact binomial limits.",
    }  # fmt: skip


def test_forces_and_neighbourhoods_are_compared_in_funnels_with_n_and_limits(site: Site) -> None:
    places = [figure(area="Central", met=80, of=100), figure(area="Central", neighbourhood="C01", met=30, of=40)]
    site.of([figure(), figure(force="suffolk", met=700, of=1000), *places])
    add(
        site,
        funnels=[
            _funnel("force", "all", "norfolk", 95, 100, "inside the funnel"),
            _funnel("force", "all", "suffolk", 700, 1000, "outside the 99.8 % limits, worse"),
            _funnel("neighbourhood", "norfolk", "C01", 30, 40, "inside the funnel"),
            _funnel("neighbourhood", "norfolk", "C02", 38, 40, "inside the funnel"),
        ],
    )
    assert problems(site.out) == []
    for address in ("compare/answer_999.html", "measures/answer_999/index.html"):
        said = site.page(address).text
        assert "Outside the 99.8 % limits, worse than chance explains, lies Suffolk Constabulary (70.0 %)." in said
        assert "Suffolk Constabulary 700 of 1,000 70.0 % 85.0 % to 95.0 % 80.0 % to 99.0 %" in said
    page = site.page("measures/answer_999/norfolk/places.html").text
    assert "None lies outside the 99.8 % limits" in page
    assert "Central whole area ✘ Missed 80 of 100 80.0 %" in page
    assert "C01 Central ✘ Missed 30 of 40 75.0 %" in page
    assert "measures/answer_999/norfolk/places.html" in {
        Path(PAGE).parent.joinpath(link).as_posix() for link in site.page(PAGE).links
    }


def test_what_is_published_tells_nothing_that_suppressed_numbers_hide(site: Site, tmp_path: Path) -> None:
    rows = [figure(met=1, of=4), figure(force="suffolk", met=80, of=90), figure("meeting_held", met=9, of=10)]
    rows += [figure(force="all", met=81, of=94), figure(area="Central", met=1, of=4)]
    site.of(rows)
    add(site, funnels=[_funnel("force", "all", "norfolk", 1, 4, "inside the funnel"),
                       _funnel("force", "all", "suffolk", 80, 90, "inside the funnel")])  # fmt: skip
    outside = tmp_path / "published"
    report(site.settings, outside, published=True)
    assert problems(outside) == []
    page = Html(outside / PAGE)
    assert "too small a number to be published" in page.text.lower()
    assert "1 of 4" not in page.text
    assert "svg" not in Html(outside / "compare/answer_999.html").tags
    assert "are not published" in Html(outside / "compare/answer_999.html").text
    said = (outside / PAGE).with_suffix(".csv").read_text("utf-8-sig")
    assert "suppressed" in said and ",1,4," not in said
    assert "9 of 10" in Html(outside / "measures/meeting_held/norfolk.html").text


def test_hostile_words_of_places_and_forces_stay_words(site: Site, tmp_path: Path) -> None:
    names = tmp_path / "forces.yaml"
    names.write_text(f"forces:\n  norfolk: {{name: {json.dumps(HOSTILE)}, nation: england}}\n")
    site.settings = Settings(lake=site.settings.lake, store=site.url, forces=str(names))
    site.of([*months(3), figure(area=HOSTILE), figure(area=HOSTILE, neighbourhood="=1+1")])
    assert problems(site.out) == []
    for address in (PAGE, "measures/answer_999/norfolk/places.html"):
        assert HOSTILE in site.page(address).text
        assert "script" not in site.page(address).tags[10:]
    said = (site.out / "measures/answer_999/norfolk/places.csv").read_text("utf-8-sig")
    assert "'=1+1" in said and ",=1+1" not in said


def test_a_force_with_one_day_has_a_page_without_a_chart(site: Site) -> None:
    one = {"period": "day", "start": date(2026, 4, 30), "met": 2, "of": 2, "verdict": "too_few"}
    month = {"start": date(2026, 5, 1), "met": 2, "of": 2, "verdict": "in_progress"}
    page = site.of([figure(**one), figure(**month)]).page(PAGE)
    assert problems(site.out) == []
    assert "No period of it is over yet: there is no verdict." in page.text
    assert "May 2026 is not over: 100.0 % of 2, target 90 % so far." in page.text
    assert "Day by day: the last day" in page.text and "30 April 2026" in page.text
    assert "svg" not in page.tags


def test_ten_years_of_months_fit_a_page(site: Site) -> None:
    index = [2026 * 12 + 3 - n for n in range(120)]
    starts = [date(each // 12, each % 12 + 1, 1) for each in index]
    rows = [
        figure(start=start, met=880 + (start.month * 37 + start.year * 11) % 60, of=1000, unknown=3) for start in starts
    ]
    site.of(rows)
    assert problems(site.out) == []
    assert "120 points from May 2016 to April 2026" in site.page(PAGE).text
    assert "84 earlier ones in the downloads" in site.page(PAGE).text


def test_hundreds_of_neighbourhoods_fill_several_pages(site: Site) -> None:
    places = [figure(area="A", neighbourhood=f"N{n:03}", met=n % 40, of=40) for n in range(320)]
    site.of([figure(), *places])
    assert problems(site.out) == []
    first, third = (f"measures/answer_999/norfolk/places{n}.html" for n in ("", "-3"))
    assert "N000" in site.page(first).text and "N000" not in site.page(third).text
    assert "N319" in site.page(third).text
    assert "Page 2" in site.page(first).text


def test_a_measure_of_years_and_one_without_a_target(site: Site) -> None:
    year = figure("treatment_gap", period="year", start=date(2025, 1, 1), met=1, of=2)
    hours = figure("turnover", period="rolling_12_months", start=date(2025, 4, 1), met=0, of=100, timed=9, cases=9)
    site.of([year, {**hours, "missed": 0, "numerator": 12}])
    assert problems(site.out) == []
    assert "2025" in site.page("measures/treatment_gap/norfolk.html").text
    page = site.page("measures/turnover/norfolk.html").text
    assert "12 months to March 2026" in page
    assert "None: published without a verdict" in page or "No target" in page


def test_a_force_without_a_figure_of_the_period_is_named(site: Site) -> None:
    page = site.of([figure(), figure(force="suffolk", start=date(2026, 3, 1))]).page("measures/answer_999/index.html")
    assert "Without a figure for April 2026: Suffolk Constabulary." in page.text


def test_a_new_month_writes_only_the_pages_it_stands_on(site: Site) -> None:
    site.of([*months(3), *months(3, force="suffolk"), figure("meeting_held")])
    assert report(site.settings, site.out).written == []
    recorded.record(site.url, [figure(start=APRIL, met=1, of=1000)], "20260501T050000Z-00000002")
    built = report(site.settings, site.out)
    assert PAGE in built.written
    assert not {"measures/answer_999/suffolk.html", "measures/meeting_held/norfolk.html"} & {*built.written}

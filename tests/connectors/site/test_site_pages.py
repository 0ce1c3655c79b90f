"""The whole site of stores that are odd: the pages stay right, whatever a field holds and however little there is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scipy.stats import binomtest

from connectors.settings import Settings
from dags.reporting import report
from tests.connectors.site import recorded
from tests.connectors.site.html_of import Html, dead_links
from tests.connectors.site.recorded import Row, figure

HOSTILE = "</td><script>alert('x')</script><b title=\"y\">&amp;"
RUN = "20260501T050000Z-00000001"


class Site:
    """A site built from figures a run recorded."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/pledge.sqlite"
        self.settings = Settings(lake=str(folder / "lake"), store=self.url)
        self.out = folder / "site"

    def of(self, figures: list[Row], **values: object) -> Site:
        recorded.record(self.url, figures, RUN, **values)  # type: ignore[arg-type]
        report(self.settings, self.out)
        return self

    def page(self, address: str) -> Html:
        return Html(self.out / address)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def problems(out: Path) -> list[str]:
    """What is wrong with any page: its HTML, size, heading, language, links, or something loaded from elsewhere."""
    found = dead_links(out)
    for path in sorted(out.rglob("*.html")):
        page, size, name = Html(path), path.stat().st_size, path.relative_to(out)
        found += [f"{name}: {problem}" for problem in page.problems]
        found += [f"{name}: {size:,} bytes"] if size >= 150_000 else []
        found += [f"{name}: {page.tags.count('h1')} main headings"] if page.tags.count("h1") != 1 else []
        found += [] if '<html lang="en-GB">' in path.read_text("utf-8") else [f"{name}: no language"]
        found += [f"{name} loads {each}" for each in page.loaded + page.links if "//" in each]
    return found


def test_did_we_keep_our_promise_in_april_and_can_it_be_believed(site: Site) -> None:
    """Answered from one screen: verdict, n, rate, interval, target, the unknown, provisional, what did not come."""
    figures = [
        figure("answer_999", met=95, of=100),
        figure("eta_emergency", met=99, of=100, unknown=4),
        figure("meeting_held", met=14, of=14),
        figure("message_answered", met=0, of=0, verdict="cannot_judge"),
        figure("turnover", met=1, of=9),
    ]
    unfit = {"force": "norfolk", "log": "messages", "fitness": "unfit", "reason": "no rows"}
    unfit |= {"covers_from": datetime(2026, 4, 3, tzinfo=UTC), "covers_to": datetime(2026, 4, 5, tzinfo=UTC)}
    page = site.of(figures, deliveries=[{"force": "norfolk"}, unfit]).page("periods/2026-04/norfolk.html")
    for said in (
        "April 2026 Norfolk Constabulary",
        "In April 2026 Norfolk Constabulary kept one of the two promises that could be judged, and missed one.",
        "One cannot be judged and one has no target.",
        "The figures are provisional: until 6 June 2027 a late or corrected record may still change them.",
        "Messages for 3 to 5 April 2026 came unfit and have not been made good.",
        "Nothing fit to judge from was delivered for: messages to a neighbourhood team answered within a day.",
        "✘ Missed 5. Emergencies: answered and reached in time",
        "Callers told when help will arrive at an emergency: missed, 99.0 % of 100, target 100 %.",
        "The 95 % interval is 94.6 % to 99.8 %.",
        "4 cases could not be judged: were all of them missed, it would be 95.2 %.",
        "✔ Kept 7. A public meeting every month",
    ):
        assert said in page.text, said
    order = [page.text.index(f"{number}. ") for number in (5, 4, 7, 3)]
    assert order == sorted(order)


def test_what_is_kept_by_the_grace_of_unknown_cases_is_never_called_kept(site: Site) -> None:
    page = site.of([figure(met=92, of=100, unknown=5)]).page("periods/2026-04/norfolk.html")
    assert "Whether one was kept depends on cases that could not be judged." in page.text
    assert "Depends on unknown cases" in page.text
    assert "✔ Kept" not in page.text
    assert "Had all of those been missed, what is kept would be missed for: 999 calls answered in time." in page.text


def test_hostile_text_in_any_field_stays_text(site: Site, tmp_path: Path) -> None:
    names = tmp_path / "forces.yaml"
    names.write_text(f"forces:\n  norfolk: {{name: {json.dumps(HOSTILE)}, nation: england}}\n")
    site.settings = Settings(lake=site.settings.lake, store=site.url, forces=str(names))
    bad = {"force": "norfolk", "log": "calls", "fitness": "unfit", "reason": HOSTILE, "source": HOSTILE}
    site.of([figure(), figure(start=date(2026, 3, 1), met=50)], deliveries=[bad])
    late = figure(met=94, restated_why=HOSTILE)
    recorded.record(site.url, [late], "20260502T050000Z-00000002", datetime(2026, 5, 2, 5, tzinfo=UTC))
    report(site.settings, site.out)
    assert problems(site.out) == []
    for address in (
        "index.html",
        "periods/2026-04/norfolk.html",
        "forces/norfolk/index.html",
        "restatements/index.html",
    ):
        assert HOSTILE in site.page(address).text
    for path in site.out.rglob("*.html"):
        assert "alert(" not in "".join(part.split("</script>")[0] for part in path.read_text().split("<script")[1:])
    assert "<script>" not in (site.out / "a-z" / "search-index.js").read_text()


def test_a_name_of_three_hundred_characters(site: Site, tmp_path: Path) -> None:
    slug, name = "x" * 300, "Constabulary of " + "Llanfairpwllgwyngyll" * 15
    names = tmp_path / "forces.yaml"
    names.write_text(f"forces:\n  {slug}: {{name: {name}, nation: wales}}\n")
    site.settings = Settings(lake=site.settings.lake, store=site.url, forces=str(names))
    site.of([figure(force=slug), figure()])
    assert problems(site.out) == []
    assert name in site.page("index.html").text


def test_a_force_that_delivered_nothing_usable(site: Site) -> None:
    bad = {"force": "kent", "log": "calls", "fitness": "unfit", "reason": "its heading is not that of the log"}
    site.of([figure()], deliveries=[bad])
    assert problems(site.out) == []
    page = site.page("forces/kent/index.html")
    assert "No closed month of this force could be judged." in page.text
    assert "its heading is not that of the log" in page.text
    assert "Kent Police" in site.page("index.html").text


def test_a_store_without_a_figure(site: Site) -> None:
    site.of([])
    assert problems(site.out) == []
    assert "No figure has been recorded yet." in site.page("index.html").text


def test_a_force_with_a_single_day(site: Site) -> None:
    one = {"period": "day", "start": date(2026, 5, 1), "met": 2, "of": 2, "verdict": "in_progress"}
    month = {**one, "period": "month"}
    site.of([figure(**one), figure(**month)])
    assert problems(site.out) == []
    assert "May 2026 is not over" in site.page("index.html").text
    page = site.page("periods/2026-05/norfolk.html")
    assert "May 2026 is not over: Norfolk Constabulary has no verdicts for it yet." in page.text
    assert "How many more misses the month allows" in page.text


def test_ten_years(site: Site) -> None:
    months = [date(year, month, 1) for year in range(2016, 2026) for month in range(1, 13)]
    figures = [figure(start=month, met=80 + month.month) for month in months]
    site.of(figures + [figure(period="year", start=date(year, 1, 1)) for year in range(2016, 2026)])
    assert problems(site.out) == []
    assert len(list(site.out.glob("periods/*/norfolk.html"))) == 130
    assert "final" in site.page("periods/index.html").text
    assert "The figures are final." in site.page("periods/2016-01/norfolk.html").text


def test_forty_three_forces(site: Site) -> None:
    """The widest board: every commitment of every force."""
    by_commitment = {rule.commitment: name for name, rule in recorded.rules().items()}
    site.of([figure(name, f"force-{n}", met=90 + n % 11) for n in range(43) for name in by_commitment.values()])
    assert problems(site.out) == []


def test_the_figures_of_a_page_are_those_of_the_store(site: Site) -> None:
    page = site.of([figure(met=1_204, of=1_301, unknown=7)]).page("periods/2026-04/norfolk.html")
    low, high = binomtest(1_204, 1_301).proportion_ci(method="wilson")
    for said in ("1,204 of 1,301", "92.5 %", f"{low:.1%} to {high:.1%}".replace("%", " %"), "92.0 %"):
        assert said in page.text, said


def test_what_a_run_said_stays_as_it_was(site: Site) -> None:
    site.of([figure(met=95)])
    address = f"runs/{RUN}/index.html"
    before = (site.out / address).read_bytes()
    recorded.record(site.url, [figure(met=50)], "20260502T050000Z-00000002", datetime(2026, 5, 2, 5, tzinfo=UTC))
    built = report(site.settings, site.out)
    assert (site.out / address).read_bytes() == before
    assert "runs/20260502T050000Z-00000002/index.html" in built.written
    assert "✔ Kept" in site.page(address).text
    restated = site.page("restatements/index.html").text
    assert "✔ Kept 95.00 % of 100" in restated and "✘ Missed 50.00 % of 100" in restated


def test_only_the_pages_of_what_changed_are_written(site: Site) -> None:
    site.of([figure(start=date(2026, month, 1), force=force) for month in (1, 2) for force in ("norfolk", "suffolk")])
    again = report(site.settings, site.out)
    assert (again.written, again.removed) == ([], [])
    recorded.record(site.url, [figure(start=date(2026, 1, 1), met=50)], "20260501T050000Z-00000002")
    built = report(site.settings, site.out)
    assert "periods/2026-01/norfolk.html" in built.written and "forces/norfolk/index.html" in built.written
    assert not {"periods/2026-02/norfolk.html", "periods/2026-01/suffolk.html", "forces/suffolk/index.html"} & {
        *built.written
    }


def test_search_finds_pages_and_words_without_a_server(site: Site) -> None:
    index = (site.of([figure()]).out / "a-z" / "search-index.js").read_text()
    assert index.startswith("window.pledgePages=[[")
    for entry in ('"Norfolk Constabulary"', "method/index.html#provisional", '"Norfolk Constabulary, April 2026"'):
        assert entry in index
    page = site.page("a-z/index.html").text
    assert "Norfolk Constabulary" in page and "Provisional" in page

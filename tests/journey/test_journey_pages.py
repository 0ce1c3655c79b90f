"""The site in a real Chromium: every kind of page by axe, keyboard, a phone's width, without scripts; its figures are
those of the tables, and nothing leaves the machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from connectors.site.words import NOTHING, is_measured
from tests.browser import address, browsing
from tests.journey import every_log
from tests.journey.logs import call
from tests.journey.pledge import Pledge, one

WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LONG = '<b>bold</b> & "quoted" ' + "x" * 170
MARKUP = "<script>document.title='taken'</script><img src=https://elsewhere.example/x.png>"
LARGEST = 150_000


@pytest.fixture(scope="module")
def pledge(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """A little of every log, a year of calls, an area with a name nobody wants, an explanation, a signature."""
    pledge = Pledge(tmp_path_factory.mktemp("pages"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLEDGE_REGISTRARS", "A. Registrar")
        told = every_log.rows()
        first = date(2025, 1, 1)
        told["calls"] += [
            call(f"y{n}", f"{first + timedelta(days=n // 3)} 1{n % 3}:00:00", 5 if n % 17 else 60, area=LONG)
            for n in range(3 * 455)
        ]
        folder = every_log.deliver(pledge.folder / "night", told)
        said = pledge("run", "--input", str(folder), "--as-at", "2026-04-02T06:00:00Z", *every_log.STANDARDS)
        assert said.code == 0, said.err
        breach = next(row for row in pledge.rows("breaches", "--measure", "answer_999") if row["area"] == LONG)
        explained = ("--reason", "no_unit_free", "--text", MARKUP, "--by", "Sgt 1")
        assert pledge("explain", breach["breach_id"], *explained).code == 0
        signed = pledge("close", "--month", "2026-03", "--by", "A. Registrar", "--provisional", "--note", MARKUP)
        assert signed.code == 0, signed.err
    return pledge


@pytest.fixture(scope="module")
def site(pledge: Pledge) -> Path:
    """Where closing the month has built the site; the one for outside stands beside it."""
    return pledge.folder / "site"


@pytest.fixture(scope="module")
def kinds(site: Path) -> list[str]:
    """One page of each kind, the largest."""
    found: dict[tuple[str, int, bool], tuple[int, str]] = {}
    for page in pages_of(site):
        parts = Path(page).parts
        kind = (parts[0], len(parts), parts[-1] == "index.html")
        found[kind] = max(found.get(kind, (0, "")), ((site / page).stat().st_size, page))
    chosen = sorted(page for _, page in found.values())
    assert len(chosen) >= 20, chosen
    return chosen


def pages_of(site: Path) -> list[str]:
    built = json.loads((site / "built.json").read_text("utf-8"))["pages"]
    return [page for page in built if page.endswith(".html")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_axe_finds_nothing(desk: Page, site: Path, kinds: list[str]) -> None:
    found = {}
    for page in kinds:
        desk.goto(address(site, page))
        violations = Axe().run(desk, options=WCAG).response["violations"]
        found[page] = [(each["id"], each["nodes"][0]["html"][:200], len(each["nodes"])) for each in violations]
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


def test_nothing_is_asked_of_another_machine(desk: Page, site: Path, kinds: list[str]) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    for page in kinds:
        desk.goto(address(site, page))
    outside = [url for url in asked if not url.startswith((site.resolve().as_uri(), "data:"))]
    assert outside == [] and len(asked) > len(kinds)


_CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, summary, select, textarea, [tabindex="0"]')]
    .filter(each => each.checkVisibility({visibilityProperty: true}))
    .map((each, n) => { each.dataset.n = n; return n; })"""
_FOCUSED = """() => { const here = document.activeElement, how = getComputedStyle(here);
    const outlined = how.outlineStyle !== 'none' && how.outlineWidth !== '0px';
    return [here.dataset.n ?? '', how.boxShadow !== 'none' || outlined]; }"""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(desk: Page, site: Path, kinds: list[str]) -> None:
    wrong = {}
    for page in kinds:
        desk.goto(address(site, page))
        wanted = {str(n) for n in desk.evaluate(_CONTROLS)}
        reached, unseen = set(), set()
        for _ in range(min(len(wanted), 400)):
            desk.keyboard.press("Tab")
            place, is_seen = desk.evaluate(_FOCUSED)
            reached.add(place)
            unseen |= set() if is_seen else {place}
        missed = wanted - reached if len(wanted) <= 400 else set()
        if missed or unseen:
            wrong[page] = (missed, unseen)
    assert wrong == {}


def test_a_phone_need_not_scroll_sideways(browser: Browser, site: Path, kinds: list[str]) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    phone = context.new_page()
    widths = {}
    for page in kinds:
        phone.goto(address(site, page))
        widths[page] = phone.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert {page: width for page, width in widths.items() if width > 320} == {}


def test_without_scripts_the_pages_say_the_same(browser: Browser, desk: Page, site: Path, kinds: list[str]) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    plain = context.new_page()
    for page in kinds:
        desk.goto(address(site, page))
        plain.goto(address(site, page))
        assert plain.locator("main").inner_text() == desk.locator("main").inner_text(), page
    context.close()


def test_no_page_is_large(site: Path) -> None:
    sizes = {page: (site / page).stat().st_size for page in pages_of(site)}
    assert {page: size for page, size in sizes.items() if size >= LARGEST} == {}


def test_text_of_others_stays_text(desk: Page, site: Path, kinds: list[str]) -> None:
    desk.goto(address(site, "breaches/norfolk/answer_999.html"))
    assert MARKUP in desk.locator("main").inner_text()
    for page in pages_of(site):
        text = (site / page).read_text("utf-8")
        assert "<script>document" not in text and "<img src=https" not in text and "<b>bold" not in text, page
    for page in kinds:
        desk.goto(address(site, page))
        assert desk.title() != "taken"


def test_a_chart_says_in_words_what_it_shows(desk: Page, site: Path, kinds: list[str]) -> None:
    charts = 0
    for page in kinds:
        desk.goto(address(site, page))
        for figure in desk.locator("figure.chart").all():
            charts += 1
            assert len(figure.locator("figcaption").inner_text()) > 40, page
            for drawing in figure.locator("svg, img").all():
                named = drawing.get_attribute("aria-label") or drawing.get_attribute("alt")
                named = named or (drawing.get_attribute("aria-labelledby") and drawing.locator("title").count())
                assert named or drawing.get_attribute("aria-hidden") == "true", page
    assert charts


def figures(page: Page) -> dict[str, list[str]]:
    """The cells of every row of the tables of commitments, by the row's heading."""
    rows: dict[str, list[str]] = page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('section.commitment tbody tr')].map(row => "
        "[row.cells[0].innerText.trim(), [...row.cells].slice(1).map(cell => cell.innerText.trim())]))"
    )
    return rows


def test_the_figures_are_those_of_the_tables(desk: Page, site: Path, pledge: Pledge) -> None:
    desk.goto(address(site, "periods/2026-03/norfolk.html"))
    shown = figures(desk)
    recorded = [
        row
        for row in pledge.rows(
            "verdicts", "--standard", "policing_pledge_2008", "--from", "2026-03-01", "--to", "2026-03-01"
        )
        if (row["period"], row["force"], row["area"], row["neighbourhood"]) == ("month", "norfolk", "", "")
    ]
    assert len(shown) == len(recorded) > 15
    said = sorted((cells[1], cells[5], cells[7]) for cells in shown.values() if cells[1] != NOTHING)
    counted = [row for row in recorded if row["denominator"] and not is_measured(row)]  # of others there is nothing
    assert said == sorted(
        (f"{r['numerator']:,} of {r['denominator']:,}", f"{r['unknown']:,}", f"{r['excluded']:,}") for r in counted
    )
    assert len(said) > 8
    calls = one(cells for heading, cells in shown.items() if heading.startswith("999 calls answered"))
    row = one(row for row in recorded if row["measure"] == "answer_999")
    assert calls[1] == f"{row['numerator']:,} of {row['denominator']:,}"
    assert calls[2] == f"{row['rate'] * 100:.1f}\N{NO-BREAK SPACE}%"


def test_breaches_and_deliveries_are_those_of_the_tables(desk: Page, site: Path, pledge: Pledge) -> None:
    main = [row for row in pledge.rows("breaches", "--standard", "policing_pledge_2008") if row["force"] == "norfolk"]
    desk.goto(address(site, "breaches/index.html"))
    cells: list[str] = desk.locator("tbody tr").first.locator("td").all_inner_texts()
    by_status = [
        sum(row["status"] == each for row in main) for each in ("open", "acknowledged", "explained", "withdrawn")
    ]
    assert cells == [f"{count:,}" for count in (len(main), *by_status)] and by_status[2] == 1
    refused = pledge.rows("quarantine")
    desk.goto(address(site, "data-quality/index.html"))
    assert len(refused) == 0 and "Rows refused in files" not in desk.locator("main").inner_text()


def test_who_signed_stands_beside_the_figures(desk: Page, site: Path) -> None:
    desk.goto(address(site, "periods/2026-03/norfolk.html"))
    said = desk.locator(".answer").inner_text()
    assert "by A. Registrar, a registrar, outside the operational line; none has changed since." in said
    assert "Nights were missing then: " in said
    desk.goto(address(site, "periods/2026-02/norfolk.html"))
    assert "No registrar has signed off this month yet." in desk.locator(".answer").inner_text()
    desk.goto(address(site, "runs/index.html"))
    assert "✔ Signed" in desk.locator("main").inner_text()


def test_outside_there_is_no_record_and_no_name(pledge: Pledge, site: Path) -> None:
    outside = site.with_name("site-published")
    published: list[Any] = pages_of(outside)
    assert "index.html" in published
    assert not [page for page in published if page.startswith(("breaches/", "integrity/"))]
    cases = {row["case_id"] for row in pledge.rows("breaches")}
    long = [case for case in cases if len(case) > 2]
    for page in published:
        text = (outside / page).read_text("utf-8")
        assert "Registrar" not in text and not [case for case in long if f">{case}<" in text], page

"""Charts: what is drawn is what the figures say, each is text as well, and one that was drawn is not drawn again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.funnel import funnel
from checks.spc import Point, Rebase, signal
from checks.statistics import Direction, Share
from connectors.site.chart_layers import time_ticks
from connectors.site.chart_parts import ORANGE, spread
from connectors.site.charts import Change, Chart, delay_chart, funnel_chart, letter, process_chart, within
from connectors.site.drawing import draw
from connectors.site.drawn import Drawings, address

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(16)]


def series(values: list[float], rebases: tuple[Rebase, ...] = (), days: list[date] | None = None):
    points = [Point(day, value, 1000) for day, value in zip(days or MONTHS, values, strict=False)]
    return signal(points, 0.9, Direction.HIGHER_IS_BETTER, rebases=rebases)


def process(values: list[float], **more: object) -> Chart:
    one = series(values)
    targets = {point.at: 0.9 for point in one.points}
    return process_chart("999 calls", "What it shows.", "month", [one], targets, **more)  # type: ignore[arg-type]


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(draw(chart))


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def test_a_chart_is_an_image_with_a_title_and_the_finding() -> None:
    chart = process([0.9, 0.91, 0.92])
    root = drawn(chart)
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [named[key] for key in (root.get("aria-labelledby") or "").split()] == ["999 calls", "What it shows."]
    assert (root.get("viewBox") or "").startswith("0 0 ")
    inside = [element for element in root.iter() if element is not root]
    assert not [element for element in inside if "role" in element.attrib or any("aria" in k for k in element.attrib)]


def test_text_stays_text_in_the_readers_own_fonts() -> None:
    said = draw(process([0.9, 0.91, 0.92]))
    assert "Target 90 %" in texts(ElementTree.fromstring(said))
    assert "Jan 2025" in said and "Mar 2025" in said
    assert "http" not in said.replace("http://www.w3.org/", "")
    assert "@font-face" not in said and "Arial" in said


@pytest.mark.parametrize("bad", ["</svg><script>alert(1)</script>", "a & b", '"><b onload="x">', "−" * 300])
def test_hostile_words_stay_words(bad: str) -> None:
    rows = [
        {"unit": bad, "denominator": 50, "rate": 0.9, "pooled": 0.85, "phi": None, "overdispersed": False, "place": ""},
        {"unit": "b", "denominator": 90, "rate": 0.8, "pooled": 0.85, "phi": None, "overdispersed": False, "place": ""},
    ]
    root = drawn(funnel_chart(bad, bad, rows, {}))
    assert root.find(f"{SVG}title").text == bad  # type: ignore[union-attr]
    assert not list(root.iter(f"{SVG}script"))
    assert any(text.startswith(bad[:10]) for text in texts(root))


def test_a_signal_has_a_shape_of_its_own() -> None:
    """Not colour alone: the path of the point is another one."""
    chart = process([0.91, 0.925, 0.92] * 4 + [0.92, 0.91, 0.85])
    shapes = [point["shape"] for point in chart.data["points"]]
    assert shapes[-1] == "concerning" and set(shapes[:11]) == {"ordinary"}
    marks = [element for element in drawn(chart).iter(f"{SVG}path") if element.get("stroke") == "white"]
    assert len(marks) == 15
    assert marks[-1].get("d", "").count("L") != marks[0].get("d", "").count("L")


def test_limits_step_where_the_chart_was_rebased() -> None:
    after = Rebase(MONTHS[6], "A. Registrar", "a new control room")
    one = series([0.8, 0.81, 0.8, 0.81, 0.8, 0.81, 0.95, 0.94, 0.95, 0.94], (after,))
    lines = process_chart("t", "f", "month", [one]).data["lines"]
    assert [line["phase"] for line in lines] == ["0.0", "0.0", "0.1", "0.1"]
    assert lines[1]["at"] == lines[2]["at"] == "2025-06-16T00:00"  # half-way between June and July
    assert lines[0]["centre"] == pytest.approx(80.5) and lines[2]["centre"] == pytest.approx(94.5)


def test_the_target_is_drawn_where_there_is_one_and_steps_where_it_changes() -> None:
    one = series([0.9, 0.91, 0.92, 0.9, 0.91])
    wanted = [0.9, 0.9, None, 0.95, 0.95]
    targets = dict(zip(MONTHS, wanted, strict=False))
    line = process_chart("t", "f", "month", [one], targets).data["target"]
    assert [(row["stretch"], row["value"]) for row in line] == [(0, 90.0), (0, 90.0), (2, 95.0), (2, 95.0)]


def test_changes_are_lettered_in_order_of_time_and_only_inside_the_chart() -> None:
    changes = [
        Change(MONTHS[3], "later"),
        Change(MONTHS[1], "earlier"),
        Change(MONTHS[0], "first"),
        Change(date(2030, 1, 1), "no"),
    ]
    chart = process([0.9, 0.91, 0.92, 0.9], changes=changes)
    assert chart.data["changes"] == [{"at": "2025-02-01", "letter": "A"}, {"at": "2025-04-01", "letter": "B"}]
    assert {"A", "B"} <= set(texts(drawn(chart)))
    assert within(changes, []) == []
    assert [letter(n) for n in (0, 25, 26, 52)] == ["A", "Z", "AA", "BA"]


@pytest.mark.parametrize("values", [[0.9], [1.0, 1.0], [0.0, 0.0, 0.0], [0.9, 0.91]])
def test_few_points_and_points_at_the_edge_are_drawn(values: list[float]) -> None:
    root = drawn(process(values))
    assert len([element for element in root.iter(f"{SVG}path") if element.get("stroke") == "white"]) == len(values)
    assert "NaN" not in ElementTree.tostring(root, encoding="unicode")


def test_months_without_a_figure_leave_a_gap_and_no_limits() -> None:
    days = [date(2025, 1, 1), date(2025, 2, 1), date(2025, 9, 1)]
    one = series([0.9, 0.91, 0.92], days=days)
    chart = process_chart("t", "f", "month", [one])
    assert chart.data["lines"][0]["at"] < "2025-01-01" and chart.data["lines"][-1]["at"] > "2025-09-01"
    draw(chart)


@pytest.mark.parametrize(
    ("days", "period", "ticks", "form"),
    [
        (MONTHS[:3], "month", MONTHS[:3], "%b %Y"),
        (MONTHS[:12], "month", [MONTHS[2], MONTHS[5], MONTHS[8], MONTHS[11]], "%b %Y"),
        ([date(2016 + n // 12, n % 12 + 1, 1) for n in range(120)], "month",
         [date(year, 1, 1) for year in range(2017, 2026, 2)], "%Y"),
        ([date(2026, 1, 1)], "day", [date(2026, 1, 1)], "%-d %b %Y"),
        ([], "month", [], "%b %Y"),
    ],
)  # fmt: skip
def test_at_most_six_dates_are_written_below_a_chart(
    days: list[date], period: str, ticks: list[date], form: str
) -> None:
    assert time_ticks(days, period) == (ticks, form)


def test_no_label_covers_another() -> None:
    assert spread([0, 5, 100], 18, 280) == [0, 18, 100]
    assert spread([279, 280, 280], 18, 280) == [244, 262, 280]
    assert spread([], 18, 280) == []


def _rows(shares: dict[str, Share]) -> list[dict[str, object]]:
    found = funnel(shares)
    assert found
    return [
        {
            "unit": unit.name, "denominator": unit.share.n, "rate": unit.share.value, "pooled": found.pooled,
            "phi": found.phi, "overdispersed": found.overdispersed, "place": unit.place.value, **vars(unit.limits),
        }
        for unit in found.units
    ]  # fmt: skip


def test_a_funnel_names_who_lies_outside_and_its_limits_are_those_of_the_units() -> None:
    shares = {f"f{n}": Share(880 + n, 1000) for n in range(11)} | {"far": Share(600, 1000)}
    rows = _rows(shares)
    chart = funnel_chart("t", "f", rows, {"far": "Far Away Police"})
    assert [point["name"] for point in chart.data["points"] if point["name"]] == ["Far Away Police"]
    assert [point["place"] for point in chart.data["points"]][-1] == "worse"
    curve = min(chart.data["curves"], key=lambda row: abs(row["n"] - 1000))
    assert curve["low_998"] == pytest.approx(100 * float(str(rows[0]["low_998"])), abs=0.3)
    assert "Far Away Police" in texts(drawn(chart))


def test_all_of_a_few_are_named_in_a_funnel() -> None:
    chart = funnel_chart("t", "f", _rows({"a": Share(5, 6), "b": Share(6, 7)}), {})
    assert [point["name"] for point in chart.data["points"]] == ["a", "b"]
    draw(chart)


def test_the_stage_that_costs_most_is_marked() -> None:
    rows = [
        {"stage": "answer", "n": 5, "p50_seconds": 3.8, "p90_seconds": 11.0, "costs_most": False},
        {"stage": "travel", "n": 5, "p50_seconds": 420.0, "p90_seconds": 900.0, "costs_most": True},
        {"stage": "grade", "n": 0, "p50_seconds": None, "p90_seconds": None, "costs_most": False},
    ]
    root = drawn(delay_chart("t", "f", rows))
    assert {"Answer", "Travel", "4 s", "7.0 min"} <= set(texts(root))
    assert "Grade" not in texts(root)
    assert any(path.get("fill") == ORANGE for path in root.iter(f"{SVG}path"))


def test_a_chart_is_drawn_once(tmp_path: Path) -> None:
    chart, other = process([0.9, 0.91]), process([0.9, 0.92])
    first = Drawings(tmp_path)
    assert first.draw_missing([chart, chart, other]) == 2
    for one in (chart, other):
        file = first.file(one)
        (tmp_path / file.address).parent.mkdir(exist_ok=True)
        (tmp_path / file.address).write_bytes(file.content())
    (tmp_path / address(other)).write_text("<svg>as it was drawn</svg>")
    later = Drawings(tmp_path)
    assert later.draw_missing([chart, other]) == 0
    assert later.svg(other) == "<svg>as it was drawn</svg>"
    assert address(chart) != address(other)
    assert later.draw_missing([process([0.9, 0.91, 0.9])]) == 1


def test_many_charts_are_drawn_by_several_processes() -> None:
    charts = [process([0.9, 0.9 + n / 1000]) for n in range(41)]
    drawings = Drawings(processes=2)
    assert drawings.draw_missing(charts) == 41
    assert drawings.svg(charts[7]) == draw(charts[7])


def test_days_are_charted_too() -> None:
    days = [date(2026, 2, 1) + timedelta(n) for n in range(91)]
    one = series([0.9 + n % 5 / 100 for n in range(91)], days=days)
    said = draw(process_chart("t", "f", "day", [one]))
    assert "2 May" in said and len(said) < 45_000

"""Process-behaviour charts against published worked examples and the packages that are in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.errors import UsageError
from checks.limits import Chart, chart_for
from checks.patterns import Reason
from checks.spc import RULE_SETS, Assurance, Point, Rebase, Series, Variation, signal
from checks.statistics import Direction

HIGHER, LOWER, NEUTRAL = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER, Direction.NEUTRAL
SEVEN, EIGHT = "spc_7_point_v1", "spc_8_point_v1"
FIRST = date(2024, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def chart(
    values: Sequence[float | None],
    rules: str = SEVEN,
    direction: Direction = HIGHER,
    target: float | None = None,
    rebases: Sequence[Rebase] = (),
) -> Series:
    return signal([Point(day(i), value) for i, value in enumerate(values)], target, direction, rules, rebases)


def where(series: Series, *reasons: Reason) -> list[int]:
    return [i for i, point in enumerate(series.points) if set(reasons) & set(point.reasons)]


# nhs-r-community/NHSRplotthedots, vignette "Deviations from Excel defaults": the same data with extreme moving ranges
# screened (the package) and not (the Excel tool of Making Data Count): UPL, mean and LPL as its captions print them.
PLOT_THE_DOTS = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]


@pytest.mark.parametrize(("rules", "upper", "lower"), [(SEVEN, 4.6, -0.72), (EIGHT, 6.95, -3.06)])
def test_xmr_as_plot_the_dots_prints_it(rules: str, upper: float, lower: float) -> None:
    last = chart(PLOT_THE_DOTS, rules).points[-1]
    assert (last.centre, last.upper, last.lower) == pytest.approx((1.94, upper, lower), abs=0.006)


# mattmccormick/statprocon, README: its worked example (after Wheeler, Making Sense of Data).
def test_xmr_as_statprocon_prints_it() -> None:
    last = chart([10, 50, 40, 30], EIGHT).points[-1]
    assert (last.centre, last.upper, last.lower) == pytest.approx((32.5, 85.7, -20.7), abs=0.005)


# spc-plotly 0.1.3, README: monthly counts 2021-01 to 2024-02, mean 2820.63 and upper limit 4341.864 as printed there.
SPC_PLOTLY = [
    *(2478, 2350, 2485, 2296, 2359, 2567, 3089, 2668, 1788, 2854, 2365, 1883, 1959, 1927, 2640, 2626, 2144, 2409, 4412),
    *(3287, 3049, 3364, 3078, 2972, 3415, 2753, 3102, 2191, 3693, 4385, 4699, 3031, 2659, 3885, 2628, 2621, 3071, 2002),
]


def test_xmr_as_spc_plotly_prints_it() -> None:
    last = chart(SPC_PLOTLY, EIGHT).points[-1]
    assert (last.centre, last.upper) == pytest.approx((2820.6315789473683, 4341.864011379801), rel=1e-12)


# abspc 1.1.0 (NHS Wales) run over the same counts in November 2026: detect_special_causes marked a run of eight at
# 10 to 17 and points beyond the limits at 18, 29 and 30, and nothing else.
def test_the_same_signals_as_abspc() -> None:
    series = chart(SPC_PLOTLY, EIGHT)
    assert where(series, Reason.RUN_BELOW) == list(range(10, 18))
    assert where(series, Reason.ABOVE_LIMIT) == [18, 29, 30]
    assert [i for i, point in enumerate(series.points) if point.reasons] == [*range(10, 18), 18, 29, 30]


# Mohammed et al., BMJ Quality & Safety 22 (2013) 362-368: patients seen within four hours in 20 weeks, as data set
# nhs_accidents of qicharts2; limits as qicharts2 0.8.1 computes them (chart "pp"), published with full digits in
# AUS-DOH-Safety-and-Quality/PowerBI-SPC, test/fixtures/qicharts2.ts.
SEEN = [
    *(266501, 264225, 276532, 281461, 269071, 261215, 270409, 279778, 270483, 270320),
    *(267923, 271478, 255353, 256820, 261835, 259144, 255910, 260863, 264465, 260989),
]
ATTENDED = [
    *(280443, 276823, 291681, 296155, 282343, 275888, 283867, 295251, 284468, 282529),
    *(279618, 283932, 266629, 268091, 276803, 271578, 266005, 273520, 278574, 273772),
]
ACCIDENTS = [Point(day(7 * i), r / n, n) for i, (r, n) in enumerate(zip(SEEN, ATTENDED, strict=True))]


@pytest.mark.parametrize("rules", [SEVEN, EIGHT])  # no moving range is extreme here: qicharts2 agrees with itself too
def test_p_prime_as_qicharts2_computes_it(rules: str) -> None:
    series = signal(ACCIDENTS, None, HIGHER, rules, chart=Chart.P_PRIME)
    first, last = series.points[0], series.points[-1]
    assert first.centre == pytest.approx(0.95289971134419116, rel=1e-14)
    assert (first.lower, first.upper) == pytest.approx((0.9401296441775141, 0.96566977851086822), rel=1e-13)
    assert (last.lower, last.upper) == pytest.approx((0.93997499652290417, 0.96582442616547814), rel=1e-13)
    assert all(point.reasons == () for point in series.points)


def test_a_rebase_splits_the_series_as_qicharts2_does() -> None:
    rebase = Rebase(ACCIDENTS[10].at, "A. Registrar", "A second hospital began to report.")
    series = signal(ACCIDENTS, None, HIGHER, EIGHT, [rebase], Chart.P_PRIME)
    tenth, eleventh = series.points[9], series.points[10]
    assert (tenth.phase, eleventh.phase) == (0, 1)
    assert (tenth.centre, eleventh.centre) == pytest.approx((0.95105964383277042, 0.95481431224580271), rel=1e-14)
    assert (tenth.lower, tenth.upper) == pytest.approx((0.93871053406939875, 0.96340875359614209), rel=1e-13)
    assert (eleventh.lower, eleventh.upper) == pytest.approx((0.940610623423212, 0.96901800106839342), rel=1e-13)
    assert series.trial
    assert series.rebases == (rebase,)


def test_limits_follow_the_number_of_cases() -> None:
    shares = [(0.9, 4000), (0.88, 1000), (0.91, 400), (0.9, 9)]
    series = signal([Point(day(i), share, n) for i, (share, n) in enumerate(shares)], None, HIGHER)
    assert series.chart is Chart.P_PRIME
    distances = [point.centre - (point.lower or 0) for point in series.points]
    assert distances[1] == pytest.approx(2 * distances[0])
    assert distances[2] == pytest.approx(distances[1] * 2.5**0.5)
    assert series.points[3].upper == 1.0


def test_the_chart_follows_from_the_numbers_of_cases() -> None:
    assert chart_for([100, 110, 90]) is Chart.XMR
    assert chart_for([100, 150, 90]) is Chart.P_PRIME
    assert chart_for([100, None, 500]) is Chart.XMR
    assert chart_for([]) is Chart.XMR


# From here on: patterns. The centre is 0 by construction; ±1 in turn gives limits of ±5.32 (unscreened: mean range 2).
CALM = [1.0, -1.0] * 8


def test_calm_is_ordinary_variation() -> None:
    for rules in RULE_SETS:
        series = chart(CALM, rules)
        assert series.variation is Variation.COMMON_CAUSE
        assert not series.is_signal
        assert not series.trial


@pytest.mark.parametrize(("rules", "length"), [(SEVEN, 7), (EIGHT, 8)])
def test_a_run_of_just_that_length_is_a_signal(rules: str, length: int) -> None:
    for points, expected in ((length, length), (length - 1, 0)):
        run = [0.6 if i % 2 else 0.4 for i in range(points)]
        series = chart([*CALM, *run, -sum(run)], rules)
        assert series.points[0].centre == pytest.approx(0)
        assert len(where(series, Reason.RUN_ABOVE)) == expected


@pytest.mark.parametrize(("rules", "length"), [(SEVEN, 7), (EIGHT, 6)])
def test_a_trend_of_just_that_length_is_a_signal(rules: str, length: int) -> None:
    for points, expected in ((length, length), (length - 1, 0)):
        rise = [-0.9 + 0.2 * i for i in range(points)]
        series = chart([*CALM, 1, *rise, -1, 1, -1], rules)
        assert len(where(series, Reason.TREND_UP)) == expected


def test_a_pause_ends_a_trend_and_a_point_on_the_centre_ends_a_run() -> None:
    assert where(chart([0, 1, 2, 3, 3, 4, 5, 6, 7]), Reason.TREND_UP) == []
    level = [0.0, 1, 2, 1, 2, 0, 1, 2, 1, -3, -2, -3, -2]
    assert sum(level) == 0
    assert where(chart(level), Reason.RUN_ABOVE) == []
    level[5] = 0.1
    assert len(where(chart([*level, -0.1]), Reason.RUN_ABOVE)) == 8


def test_two_of_three_near_a_limit() -> None:
    near = 4.6
    values = [*CALM, *CALM, *CALM, near, 0.5, near, -near, -0.5, -near]
    series = chart(values, EIGHT)
    upper = series.points[-1].upper
    assert upper is not None
    assert upper * 2 / 3 < near < upper
    assert where(series, Reason.NEAR_UPPER) == [48, 50]
    assert where(series, Reason.NEAR_LOWER) == [51, 53]
    across = chart([*CALM, *CALM, *CALM, near, -0.5, near, -near, 0.5, -near], EIGHT)
    assert where(across, Reason.NEAR_UPPER, Reason.NEAR_LOWER) == []


def test_beyond_a_limit_improves_or_concerns() -> None:
    high = [*CALM, *CALM, 9.0]
    assert chart(high).variation is Variation.IMPROVING
    assert chart(high, direction=LOWER).variation is Variation.CONCERNING
    assert chart(high, direction=NEUTRAL).variation is Variation.HIGH
    low = [-value for value in high]
    assert chart(low).variation is Variation.CONCERNING
    assert chart(low, direction=LOWER).variation is Variation.IMPROVING
    assert chart(low, direction=NEUTRAL).variation is Variation.LOW
    assert chart(high).points[-1].reasons[0] is Reason.ABOVE_LIMIT


def test_of_several_reasons_the_weightiest_decides() -> None:
    """Below the centre for long, but on its way up."""
    values = [*[9.0, 1.0] * 8, *[2.0 + 0.1 * i for i in range(8)]]
    last = chart(values).points[-1]
    assert Reason.RUN_BELOW in last.reasons
    assert Reason.TREND_UP in last.reasons
    assert last.variation is Variation.IMPROVING


def test_a_turning_point_belongs_to_the_newer_trend() -> None:
    series = chart([*range(7), *range(5, -1, -1)])
    assert where(series, Reason.TREND_UP) == list(range(6))
    assert where(series, Reason.TREND_DOWN) == list(range(6, 13))


@pytest.mark.parametrize(
    ("target", "direction", "expected"),
    [
        (-6, HIGHER, Assurance.MET),
        (0, HIGHER, Assurance.HIT_OR_MISS),
        (6, HIGHER, Assurance.MISSED),
        (6, LOWER, Assurance.MET),
        (-6, LOWER, Assurance.MISSED),
        (5, LOWER, Assurance.HIT_OR_MISS),
        (None, HIGHER, Assurance.NO_TARGET),
        (6, NEUTRAL, Assurance.NO_TARGET),
    ],
)
def test_assurance(target: float | None, direction: Direction, expected: Assurance) -> None:
    assert chart(CALM, EIGHT, direction, target).assurance is expected


def test_a_promise_of_all_is_assured_only_where_all_were_kept() -> None:
    always = [Point(day(i), 1.0, 40 + 30 * (i % 3)) for i in range(14)]
    assert signal(always, 1.0, HIGHER).assurance is Assurance.MET
    once = [*always[:-1], Point(day(13), 0.98, 50)]
    for kind in Chart:
        slip = signal(once, 1.0, HIGHER, chart=kind)
        assert (slip.variation, slip.assurance) == (Variation.CONCERNING, Assurance.HIT_OR_MISS)


def test_assurance_reads_the_newest_phase() -> None:
    values = [*(v + 20 for v in CALM), *CALM]
    rebase = Rebase(day(16), "A. Registrar", "A new control room.")
    assert chart(values, EIGHT, target=10, rebases=[rebase]).assurance is Assurance.MISSED
    assert chart(values, EIGHT, target=10).assurance is Assurance.HIT_OR_MISS
    assert {point.phase for point in chart(values, rebases=[rebase]).points} == {0, 1}


def test_runs_do_not_cross_a_rebase() -> None:
    values = [0.0, 3, 1, 2, 1, 2, -9, 8, 1, 2, 1, 3]
    whole = chart([*values, -15])
    assert where(whole, Reason.RUN_ABOVE) == []
    level = [-20.0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 7]
    assert len(where(chart(level), Reason.RUN_ABOVE)) == 10
    split = chart(level, rebases=[Rebase(day(6), "A. Registrar", "A merger.")])
    assert where(split, Reason.RUN_ABOVE) == []


def test_below_twelve_points_limits_are_on_trial() -> None:
    assert chart(CALM[:11]).trial
    assert not chart(CALM[:12]).trial


def test_one_point_has_no_limits() -> None:
    series = chart([3.0], target=1.0)
    assert (series.variation, series.assurance) == (Variation.NO_LIMITS, Assurance.NO_TARGET)
    assert (series.points[0].lower, series.points[0].upper) == (None, None)
    assert not series.is_signal
    assert chart([]).variation is Variation.NO_LIMITS


def test_months_without_cases_are_left_out() -> None:
    with_gaps = [CALM[0], None, *CALM[1:], None]
    assert [p.value for p in chart(with_gaps).points] == CALM
    assert signal([Point(day(0), 0.0, 0), Point(day(1), 0.5, 10)], None, HIGHER).points[0].n == 10


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(60, 200)), max_size=30),
    st.sampled_from(sorted(RULE_SETS)),
    st.sampled_from([None, 0, 5, 12]),
)
def test_the_newest_point_alone_is_that_of_the_whole_chart(
    counts: list[tuple[int, int]], rules: str, split: int | None
) -> None:
    points = [Point(day(i), met / n, n) for i, (met, n) in enumerate(counts)]
    rebases = [] if split is None else [Rebase(day(split), "A. Registrar", "A merger.")]
    whole = signal(points, 0.3, HIGHER, rules, rebases)
    newest = signal(points, 0.3, HIGHER, rules, rebases, only_newest=True)
    assert newest.points == whole.points[-1:]
    assert (newest.variation, newest.assurance, newest.trial, newest.chart) == (
        whole.variation, whole.assurance, whole.trial, whole.chart,
    )  # fmt: skip


@given(st.floats(0.01, 0.99), st.lists(st.integers(1, 10_000), min_size=2, max_size=40))
def test_a_share_that_never_changes_is_never_a_signal(share: float, sizes: list[int]) -> None:
    points = [Point(day(i), share, n) for i, n in enumerate(sizes)]
    for kind in Chart:
        assert all(
            point.variation is Variation.COMMON_CAUSE for point in signal(points, None, HIGHER, chart=kind).points
        )


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40), st.sampled_from(sorted(RULE_SETS)))
def test_upside_down_and_the_other_direction_is_the_same(values: list[int], rules: str) -> None:
    up = chart([float(v) for v in values], rules, HIGHER, 3.0)
    down = chart([float(-v) for v in values], rules, LOWER, -3.0)
    assert [p.variation for p in up.points] == [p.variation for p in down.points]
    assert up.assurance is down.assurance


def test_chance_alone_seldom_leaves_the_limits() -> None:
    values = np.random.default_rng(4).normal(0, 1, 5000)
    series = chart([float(v) for v in values], EIGHT)
    # 2.7 in a thousand by theory.
    assert 5 <= len(where(series, Reason.ABOVE_LIMIT, Reason.BELOW_LIMIT)) <= 25


def test_a_rebase_needs_author_and_reason() -> None:
    with pytest.raises(UsageError, match="author"):
        Rebase(day(3), " ", "It looked better.")
    with pytest.raises(UsageError, match="reason"):
        Rebase(day(3), "A. Registrar", "")


def test_the_rule_set_used_is_published_and_has_to_exist() -> None:
    assert chart(CALM, EIGHT).rules.name == EIGHT
    assert chart(CALM).rules.run == 7
    with pytest.raises(UsageError, match="spc_7_point_v1"):
        chart(CALM, "spc_9_point_v1")


def test_points_out_of_order_are_refused() -> None:
    with pytest.raises(UsageError, match="out of order"):
        signal([Point(day(1), 1.0), Point(day(1), 2.0)], None, HIGHER)


def test_a_p_prime_chart_needs_numbers_of_cases() -> None:
    with pytest.raises(UsageError, match="number of cases"):
        signal([Point(day(1), 1.0), Point(day(2), 0.5)], None, HIGHER, chart=Chart.P_PRIME)

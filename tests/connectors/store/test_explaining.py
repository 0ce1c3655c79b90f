"""Acknowledging and explaining: one breach or a whole day, once, attributed, whatever the night finds later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DatabaseError

from checks.errors import UsageError
from checks.explanation import Scope
from connectors.store.cases import breach_id, sync_breaches
from connectors.store.explaining import Recorded, acknowledge, cover_later_breaches, explain, rows_for_the_log
from connectors.store.tables import explanations, verdicts
from tests.kept_cases import replace_cases

SLICE = ("policing_pledge_2008", "attend_emergency", "norfolk")
DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 3, 6, 12, tzinfo=UTC)
WHOLE_DAY = Scope(measure=SLICE[1], force=SLICE[2], day=DAY)
Run = Callable[[str], str]


def case(case_id: str, day: date = DAY, area: str = "north", state: str = "missed") -> dict[str, Any]:
    started = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return {"case_id": case_id, "state": state, "clock_started_at": started, "local_day": day, "area": area}


def night(store: Engine, run_id: str, *found: dict[str, Any], slice_: tuple[str, str, str] = SLICE) -> None:
    with store.begin() as conn:
        replace_cases(conn, *slice_, found, run_id=run_id)
        sync_breaches(conn, run_id, *slice_)
        cover_later_breaches(conn, *slice_)


@pytest.fixture
def missed(store: Engine, run: Run) -> Engine:
    """Two missed in the north and one in the east on one day, one on the next; the same standard twice."""
    found = (case("a"), case("b"), case("c", area="east"), case("d", date(2026, 3, 3)))
    night(store, run("r1"), *found)
    night(store, "r1", case("a"), slice_=("another_standard", *SLICE[1:]))
    return store


def said(
    store: Engine, scope: Scope, reason: str = "staff_absent", words: str = "flu", by: str = "U1", **more: Any
) -> Recorded:
    with store.begin() as conn:
        return explain(conn, scope, reason, words, by, more.get("at", AT))


def seen(store: Engine, scope: Scope, by: str = "U1", at: datetime = AT) -> Recorded:
    with store.begin() as conn:
        return acknowledge(conn, scope, by, at)


def rows(store: Engine, query: str) -> list[tuple[Any, ...]]:
    with store.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def statuses(store: Engine) -> dict[str, str]:
    return dict(rows(store, f"SELECT case_id, status FROM breaches WHERE standard = '{SLICE[0]}'"))  # type: ignore[arg-type]


def name_of(case_id: str) -> str:
    return breach_id(*SLICE, case_id)


def test_one_breach_is_acknowledged_then_explained(missed: Engine) -> None:
    one = Scope(name_of("a"))
    assert seen(missed, one).breaches == 1
    assert statuses(missed) == {"a": "acknowledged", "b": "open", "c": "open", "d": "open"}
    assert said(missed, one).is_new
    assert statuses(missed)["a"] == "explained"
    assert rows(missed, "SELECT breach_id, measure, force, area, reason, text, recorded_by, via FROM explanations") == [
        (name_of("a"), "attend_emergency", "norfolk", "north", "staff_absent", "flu", "U1", "command")
    ]
    assert rows(missed, "SELECT breach_id, recorded_by FROM acknowledgements") == [(name_of("a"), "U1")]


def test_a_day_covers_its_breaches_of_every_standard_and_no_other_day(missed: Engine) -> None:
    assert said(missed, WHOLE_DAY).breaches == 4
    assert statuses(missed) == {"a": "explained", "b": "explained", "c": "explained", "d": "open"}
    assert len(rows(missed, "SELECT 1 FROM breaches WHERE status = 'explained'")) == 4
    assert len(rows(missed, "SELECT 1 FROM explanations WHERE breach_id = ''")) == 1


def test_an_area_covers_only_its_own(missed: Engine) -> None:
    scope = Scope(measure=SLICE[1], force=SLICE[2], day=DAY, area="east")
    assert said(missed, scope).breaches == 1
    assert statuses(missed) == {"a": "open", "b": "open", "c": "explained", "d": "open"}


def test_an_acknowledged_breach_that_is_explained_stays_explained(missed: Engine) -> None:
    said(missed, Scope(name_of("a")))
    assert seen(missed, WHOLE_DAY).breaches == 3
    assert statuses(missed) == {"a": "explained", "b": "acknowledged", "c": "acknowledged", "d": "open"}


@pytest.mark.parametrize("scope", [Scope(name_of("a")), WHOLE_DAY], ids=["breach", "day"])
def test_the_same_answer_again_adds_nothing(missed: Engine, scope: Scope) -> None:
    first = said(missed, scope)
    assert seen(missed, scope).is_new
    before = rows(missed, "SELECT * FROM explanations"), rows(missed, "SELECT * FROM acknowledgements")
    again = said(missed, scope, at=AT + timedelta(hours=1))
    assert (again.answer_id, again.breaches, again.is_new) == (first.answer_id, 0, False)
    assert not seen(missed, scope, at=AT + timedelta(hours=1)).is_new
    assert (rows(missed, "SELECT * FROM explanations"), rows(missed, "SELECT * FROM acknowledgements")) == before


def test_other_words_or_another_officer_are_added(missed: Engine) -> None:
    one = Scope(name_of("a"))
    assert [said(missed, one, words=w, by=b).is_new for w, b in (("flu", "U1"), ("flu!", "U1"), ("flu", "U2"))] == [
        True
    ] * 3
    moments = [row[0] for row in rows(missed, "SELECT DISTINCT recorded_at FROM explanations")]
    assert len(moments) == 3, "the moment is part of the key"


def test_a_breach_found_after_its_day_was_explained_is_covered_once(missed: Engine, run: Run) -> None:
    said(missed, WHOLE_DAY)
    everything = (case("a"), case("b"), case("c", area="east"), case("late"), case("d", date(2026, 3, 3)))
    night(missed, run("r2"), *everything)
    assert statuses(missed)["late"] == "explained"
    count = len(rows(missed, "SELECT 1 FROM explanations"))
    night(missed, run("r3"), *everything)
    assert len(rows(missed, "SELECT 1 FROM explanations")) == count


def test_a_breach_opened_again_can_be_explained_in_the_same_words(missed: Engine, run: Run) -> None:
    said(missed, WHOLE_DAY)
    rest = (case("b"), case("c", area="east"), case("d", date(2026, 3, 3)))
    night(missed, run("r2"), *rest)
    assert statuses(missed)["a"] == "withdrawn"
    night(missed, run("r3"), case("a"), *rest)
    assert statuses(missed)["a"] == "open"
    assert said(missed, WHOLE_DAY, at=AT + timedelta(days=1)).breaches == 1
    assert statuses(missed)["a"] == "explained"


def test_a_withdrawn_breach_is_not_explained(missed: Engine, run: Run) -> None:
    night(missed, run("r2"), case("a"))
    with pytest.raises(UsageError, match="it was withdrawn"):
        said(missed, Scope(name_of("b")))
    assert said(missed, WHOLE_DAY).breaches == 2, "one of each standard"


def test_a_misspelt_breach_names_the_closest(missed: Engine) -> None:
    right = name_of("a")
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    with pytest.raises(UsageError, match=f"breach {wrong}: there is no such breach.*Did you mean {right}"):
        said(missed, Scope(wrong))
    with pytest.raises(UsageError) as refused:
        said(missed, Scope("Mrs Planted, 07700 900123"))
    assert "Planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({"measure": "attend_emergencie"}, "Did you mean attend_emergency"),
        ({"force": "norflok"}, "Did you mean norfolk"),
        ({"area": "nroth"}, "Did you mean north"),
        ({"day": date(2026, 3, 9)}, "nothing was missed"),
        ({"measure": "answer_999"}, "nothing was missed"),
    ],
)
def test_a_scope_without_breaches_is_refused(missed: Engine, place: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        said(missed, Scope(**({"measure": SLICE[1], "force": SLICE[2], "day": DAY} | place)))
    assert rows(missed, "SELECT * FROM explanations") == []


def test_a_figure_missed_without_a_missed_case_can_be_explained(missed: Engine) -> None:
    """Such as a share of time: there is no breach, but a verdict."""
    figure = {"run_id": "r1", "run_number": 1, "standard": "s", "commitment": 2, "measure": "abstraction"}
    figure |= {"force": "norfolk", "period": "month", "period_start": date(2026, 3, 1), "verdict": "missed"}
    with missed.begin() as conn:
        conn.execute(insert(verdicts), [figure])
    month = Scope(measure="abstraction", force="norfolk", day=date(2026, 3, 1))
    assert (said(missed, month).breaches, said(missed, month).is_new) == (0, False)
    assert len(rows(missed, "SELECT 1 FROM explanations WHERE breach_id = ''")) == 1


def test_the_log_says_what_was_said_without_its_words(missed: Engine) -> None:
    said(missed, Scope(name_of("d")), words="Mrs Planted", by="U2")
    day = said(missed, WHOLE_DAY, at=AT + timedelta(minutes=1))
    area = said(missed, Scope(measure=SLICE[1], force=SLICE[2], day=DAY, area="east"), by="U3")
    with missed.connect() as conn:
        log = rows_for_the_log(conn, AT + timedelta(hours=1))
        assert rows_for_the_log(conn, AT - timedelta(seconds=1)) == []
    assert "Planted" not in repr(log)
    found = {(r["explanation_id"], r["breach_id"], r["measure"], r["missed_on"], r["recorded_by"]) for r in log}
    breach_rows = {row for row in found if row[1]}
    assert found - breach_rows == {(day.answer_id, None, "attend_emergency", DAY, "U1")}
    assert {row[1:] for row in breach_rows} == {(name_of("c"), None, None, "U3"), (name_of("d"), None, None, "U2")}
    assert (f"{area.answer_id}/{name_of('c')}", name_of("c"), None, None, "U3") in breach_rows


def test_answers_given_at_once_are_each_recorded_once(missed: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda n: said(missed, WHOLE_DAY, by=f"U{n % 3}"), range(12)))
    assert sum(one.is_new for one in told) == 3
    assert len(rows(missed, "SELECT 1 FROM explanations WHERE breach_id = ''")) == 3


def test_an_error_of_the_database_does_not_carry_the_words(missed: Engine) -> None:
    row = {"breach_id": "b", "recorded_at": AT, "reason": "other", "text": "Mrs Planted"}
    with pytest.raises(DatabaseError) as failed, missed.begin() as conn:
        conn.execute(insert(explanations), [row])
        conn.execute(insert(explanations), [row])
    assert "Planted" not in str(failed.value)

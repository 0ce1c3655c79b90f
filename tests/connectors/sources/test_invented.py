"""The invented logs: the same for a seed, realistic, every odd kind in them, and the truth beside them true.

Rows are recounted here in plain Python from the written files, by the rules of the Pledge and nothing of the product.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from checks.errors import UsageError
from checks.logs import LOGS, Kind
from connectors.sources.invented import Truth, invent

LONDON = ZoneInfo("Europe/London")
SPRING, AUTUMN = date(2026, 4, 30), date(2026, 10, 31)
State = tuple[str, str]
Row = dict[str, Any]


class Made:
    """One invention, its files as they were written and its rows as they should be admitted."""

    def __init__(self, folder: Path, forces: list[str], days: int, until: date) -> None:
        self.folder = folder
        self.truth: Truth = invent(folder, forces, days, seed=11, until=until)
        self.told = json.loads((folder / "truth.json").read_text("utf-8"))
        self.as_at = datetime.fromisoformat(self.told["as_at"])
        self.delivered = {log: list(read(folder / f"{log}.csv")) for log in ("calls", "incidents")}
        self.admitted = {log: admitted(log, rows, self.as_at) for log, rows in self.delivered.items()}


def read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def instant(text: str) -> datetime | None:
    """A written moment, or None where it did not happen; ValueError where it is no moment at all."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=LONDON, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise ValueError("a local time that did not exist or came twice")
    return first.astimezone(UTC)


def admitted(log: str, rows: list[dict[str, str]], as_at: datetime) -> list[Row]:
    """Rows that pass the row rules, moments read, identical repeats collapsed."""
    key = LOGS[log].keys[0]
    distinct = list({tuple(row.values()): row for row in rows}.values())
    times_seen = Counter((row["force"], row[key]) for row in distinct)
    good = []
    for row in distinct:
        try:
            read_row: Row = {name: instant(v) if name.endswith("_at") else v for name, v in row.items()}
        except ValueError:
            continue
        happened = [v for name, v in read_row.items() if isinstance(v, datetime) and name != "appointment_at"]
        in_range = all(datetime(1990, 1, 1, tzinfo=UTC) <= moment <= as_at for moment in happened)
        columns = LOGS[log].columns
        filled = all(read_row[c.name] for c in columns if c.required)
        values = {c.name: ("true", "false") if c.kind is Kind.FLAG else c.values for c in columns}
        known = all(read_row[name] in wanted for name, wanted in values.items() if wanted and read_row[name])
        if in_range and filled and known and times_seen[row["force"], row[key]] == 1:
            good.append(read_row)
    return good


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("spring"), ["norfolk"], 60, SPRING)


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("autumn"), ["norfolk", "suffolk"], 9, AUTUMN)


# The slow recount: one function per measure, an incident or a call in, its state out (None: not in the population).


def on_the_clock(
    start: datetime, stop: datetime | None, ending: datetime | None, closed: bool, limit: timedelta, as_at: datetime
) -> str:
    """Whichever comes first, stop or ending, decides; the edge is inside."""
    if stop is not None and (ending is None or stop <= ending):
        return "met" if stop - start <= limit else "missed"
    if ending is not None:
        return "excluded" if ending - start <= limit else "missed"
    if closed:
        return "unknown"
    return "pending" if as_at - start <= limit else "missed"


def call_state(row: Row, limit: timedelta, as_at: datetime) -> State:
    if row["kind"] in ("test", "phantom", "dropped"):
        return "excluded", row["kind"]
    start, answered, abandoned = (row[name] for name in ("received_at", "answered_at", "abandoned_at"))
    if any(moment and moment < start for moment in (answered, abandoned)):
        return "unknown", ""
    state = on_the_clock(start, answered, abandoned, row["ended_at"] is not None, limit, as_at)
    return state, "short_abandoned" if state == "excluded" else ""


def left_out(row: Row) -> str:
    if row["origin"] == "test":
        return "test"
    return "duplicate" if row["duplicate_of"] else "officer_initiated" if row["origin"] == "officer" else ""


def answer_999(row: Row, as_at: datetime) -> tuple[datetime, State] | None:
    if row["line"] != "999":
        return None
    return row["received_at"], call_state(row, timedelta(seconds=10), as_at)


def answer_non_emergency(row: Row, as_at: datetime) -> tuple[datetime, State] | None:
    if row["line"] == "999":
        return None
    return row["received_at"], call_state(row, timedelta(seconds=30), as_at)


def attend_emergency(row: Row, as_at: datetime) -> tuple[datetime, State] | None:
    if row["grade_first"] != "emergency":
        return None
    start, arrived = row["received_at"], row["arrived_at"]
    if reason := left_out(row):
        return start, ("excluded", reason)
    if arrived and arrived < start:
        return start, ("unknown", "")
    limit = timedelta(minutes=20 if row["setting_first"] == "rural" else 15)
    state = on_the_clock(start, arrived, row["cancelled_at"], row["closed_at"] is not None, limit, as_at)
    return start, (state, "cancelled" if state == "excluded" else "")


def eta_non_emergency(row: Row, as_at: datetime) -> tuple[datetime, State] | None:
    if row["grade_first"] not in ("priority", "scheduled"):
        return None
    start = row["received_at"]
    if reason := left_out(row):
        return start, ("excluded", reason)
    if row["eta_given"] == "true":
        return start, ("met", "")
    waiting_ends = [moment for moment in (row["arrived_at"], row["closed_at"]) if moment]
    if row["cancelled_at"] and row["cancelled_at"] <= min(waiting_ends, default=as_at):
        return start, ("excluded", "cancelled")
    return start, ("missed" if waiting_ends else "pending", "")


def appointment_kept(row: Row, as_at: datetime) -> tuple[datetime, State] | None:
    start = row["appointment_at"]
    if not start:
        return None
    if reason := left_out(row):
        return start, ("excluded", reason)
    closed, limit = row["closed_at"] is not None, timedelta(minutes=15)
    state = on_the_clock(start, row["appointment_kept_at"], row["cancelled_at"], closed, limit, as_at)
    return start, (state, "cancelled" if state == "excluded" else "")


RECOUNTED: dict[str, tuple[str, Callable[[Row, datetime], tuple[datetime, State] | None]]] = {
    "answer_999": ("calls", answer_999),
    "answer_non_emergency": ("calls", answer_non_emergency),
    "attend_emergency": ("incidents", attend_emergency),
    "eta_non_emergency": ("incidents", eta_non_emergency),
    "appointment_kept": ("incidents", appointment_kept),
}


@pytest.mark.parametrize("season", ["spring", "autumn"])
@pytest.mark.parametrize("measure", RECOUNTED)
def test_the_truth_is_what_a_slow_recount_of_the_files_finds(
    season: str, measure: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(season)
    log, judged = RECOUNTED[measure]
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row in made.admitted[log]:
        if case := judged(row, made.as_at):
            start, (state, reason) = case
            day = start.astimezone(LONDON).date()
            for period, begins in (("day", day), ("month", day.replace(day=1))):
                found[row["force"], period, begins.isoformat()].update([state] + [f"={reason}"] * bool(reason))
    planted = {
        (one["force"], one["period"], one["period_start"]): Counter(
            {state: one[state] for state in ("met", "missed", "pending", "unknown", "excluded")}
            | {f"={reason}": count for reason, count in one["excluded_by_reason"].items()}
        )
        for one in made.told["counts"]
        if one["measure"] == measure
    }
    assert planted == dict(found)
    assert all(
        one["cases"] == one["met"] + one["missed"] + one["pending"] + one["unknown"] for one in made.told["counts"]
    )


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("same", 3), ("other", 4)):
        invent(tmp_path / name, ["norfolk"], 3, seed, SPRING)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"calls.csv", "incidents.csv", "neighbourhoods.csv", "messages.csv", "truth.json"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "same" / name).read_bytes()
    assert (tmp_path / "one" / "calls.csv").read_bytes() != (tmp_path / "other" / "calls.csv").read_bytes()


def test_another_force_beside_it_changes_nothing_of_a_force(tmp_path: Path) -> None:
    alone = invent(tmp_path / "alone", ["norfolk"], 2, 3, SPRING)
    both = invent(tmp_path / "both", ["norfolk", "suffolk"], 2, 3, SPRING)
    assert [one for one in both.counts() if one["force"] == "norfolk"] == alone.counts()
    assert {one["force"] for one in both.counts()} == {"norfolk", "suffolk"}


def test_the_volume_is_that_of_a_force_of_this_size(spring: Made) -> None:
    lines = Counter(row["line"] for row in spring.admitted["calls"])
    assert 200 < lines["999"] / 60 < 260
    assert 480 < lines["101"] / 60 < 600
    assert 90 < lines["switchboard"] / 60 < 140
    assert 250 < len(spring.admitted["incidents"]) / 60 < 360
    neighbourhoods = Counter(row["area"] for row in read(spring.folder / "neighbourhoods.csv"))
    assert len(neighbourhoods) == 3
    assert all(3 <= count <= 6 for count in neighbourhoods.values())


def test_late_friday_and_saturday_nights_are_busy_and_miss_more(spring: Made) -> None:
    presented = [row for row in spring.admitted["calls"] if row["line"] == "999" and row["answered_at"]]
    by_night: dict[bool, list[bool]] = {True: [], False: []}
    for row in presented:
        wall = row["received_at"].astimezone(LONDON) - timedelta(hours=4)
        late_night = wall.weekday() in (4, 5) and wall.hour >= 18
        by_night[late_night].append(row["answered_at"] - row["received_at"] > timedelta(seconds=10))
    share_late, share_else = (sum(missed) / len(missed) for missed in (by_night[True], by_night[False]))
    assert share_late > share_else + 0.02
    # 12 of the week's 168 hours.
    assert len(by_night[True]) / len(presented) > 1.3 * 12 / 168


@pytest.mark.parametrize("season", ["spring", "autumn"])
@pytest.mark.parametrize("log", ["calls", "incidents"])
def test_the_spoilt_rows_and_no_others_fall_to_the_row_rules(
    season: str, log: str, request: pytest.FixtureRequest
) -> None:
    made: Made = request.getfixturevalue(season)
    told = made.told["rows"][log]
    spoilt = sum(told["quarantined"].values())
    delivered = made.delivered[log]
    assert len(delivered) == told["written"]
    assert len(delivered) - len({tuple(row.values()) for row in delivered}) == told["repeated"] > 0
    assert len(made.admitted[log]) == told["written"] - told["repeated"] - spoilt
    bad_clock = "nonexistent_local_time" if season == "spring" else "ambiguous_local_time"
    assert {"unreadable", "required_missing", "conflicting_duplicate", bad_clock} <= set(told["quarantined"])
    assert spoilt <= 20
    assert spoilt <= 0.05 * len(delivered)
    assert list(delivered[0]) == [column.name for column in LOGS[log].columns]


def test_the_days_of_the_clock_changes_have_23_and_25_hours(spring: Made, autumn: Made) -> None:
    assert spring.told["clock_changes"] == {"forward": "2026-03-29"}
    assert autumn.told["clock_changes"] == {"back": "2026-10-25"}
    for made, day, hours in ((spring, date(2026, 3, 29), 23), (autumn, date(2026, 10, 25), 25)):
        times = [row["received_at"] for row in made.admitted["calls"]]
        assert len({t.replace(minute=0, second=0, microsecond=0) for t in times if local_day(t) == day}) == hours
    written = [
        row["received_at"] for row in autumn.delivered["calls"] if row["received_at"].startswith("2026-10-25T01")
    ]
    assert {text[-6:] for text in written if not text.endswith("Z")} == {"+00:00", "+01:00"}


def local_day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def test_rows_lie_in_the_window_and_nothing_after_the_nights_run_is_known(spring: Made) -> None:
    assert spring.as_at == datetime(2026, 5, 1, 5, tzinfo=UTC)
    for log in ("calls", "incidents"):
        days = {local_day(row["received_at"]) for row in spring.admitted[log]}
        assert (min(days), max(days), len(days)) == (date(2026, 3, 2), SPRING, 60)
    assert any(row["appointment_at"] and row["appointment_at"] > spring.as_at for row in spring.admitted["incidents"])


def test_every_odd_kind_of_call_is_there(spring: Made) -> None:
    kinds: Counter[str] = Counter()
    for row in spring.admitted["calls"]:
        start, answered, abandoned = row["received_at"], row["answered_at"], row["abandoned_at"]
        limit = timedelta(seconds=10 if row["line"] == "999" else 30)
        kinds[row["kind"]] += 1
        kinds["answered exactly at the limit"] += answered == start + limit
        kinds["abandoned exactly at the limit"] += abandoned == start + limit
        kinds["abandoned inside the limit"] += bool(abandoned and not answered and start < abandoned < start + limit)
        kinds["abandoned after the limit"] += bool(abandoned and not answered and abandoned > start + limit)
        kinds["hung up after the answer"] += bool(abandoned and answered and abandoned > answered)
        kinds["answered before received"] += bool(answered and answered < start)
        kinds["ended without an answer"] += bool(
            row["kind"] == "public" and row["ended_at"] and not (answered or abandoned)
        )
        kinds["never ended"] += row["ended_at"] is None
    assert set(kinds) >= {"public", "silent", "test", "phantom", "dropped"}
    assert min(kinds.values()) >= 2, kinds


def test_every_odd_kind_of_incident_is_there(spring: Made) -> None:
    kinds: Counter[str] = Counter()
    for row in spring.admitted["incidents"]:
        start, arrived, cancelled = row["received_at"], row["arrived_at"], row["cancelled_at"]
        kinds[row["origin"]] += 1
        kinds[row["grade_first"]] += 1
        kinds[row["setting_first"]] += 1
        kinds["regraded"] += row["grade_final"] not in ("", row["grade_first"])
        kinds["duplicate of an officer's"] += bool(row["duplicate_of"] and row["origin"] == "officer")
        kinds["attended exactly at 15 minutes"] += arrived == start + timedelta(minutes=15)
        kinds["arrived before received"] += bool(arrived and arrived < start)
        kinds["dispatched before received"] += bool(row["dispatched_at"] and row["dispatched_at"] < start)
        kinds["closed without arrival"] += bool(row["closed_at"] and not arrived and not cancelled)
        kinds["cancelled after arrival"] += bool(arrived and cancelled and cancelled > arrived)
        kinds["cancelled without arrival"] += bool(cancelled and not arrived)
        kinds["open"] += row["closed_at"] is None
        kinds["asked for later"] += row["appointment_requested_later"] == "true"
        kinds["advice after closing"] += bool(
            row["advice_given_at"] and row["closed_at"] and row["advice_given_at"] > row["closed_at"]
        )
    assert min(kinds.values()) >= 2, kinds
    references = {row["incident_id"] for row in spring.admitted["incidents"]}
    assert {row["duplicate_of"] for row in spring.admitted["incidents"]} - {""} <= references
    calls = {row["call_id"] for row in spring.admitted["calls"]}
    assert {row["call_id"] for row in spring.admitted["incidents"]} - {""} <= calls


def test_every_measure_but_the_timed_one_has_met_missed_unknown_and_excluded_cases(spring: Made) -> None:
    cases = spring.truth.cases
    of_incidents = cases["measure"].str.match("answer_|attend_|deploy_|eta_|appointment_|advice_")
    states = cases[of_incidents].groupby("measure")["state"].agg(set)
    assert len(states) == 11
    for measure, found in states.items():
        wanted = {"timed", "unknown"} if measure == "deploy_emergency" else {"met", "missed"}
        assert found >= wanted | {"excluded"}, measure
        # Nothing is unclear about whether an ETA was recorded.
        assert ("unknown" in found) == (not str(measure).startswith("eta_")), measure
    open_ended = {"deploy_emergency", "eta_emergency", "eta_non_emergency", "advice_given"}
    for measure in open_ended | {"appointment_offered", "appointment_kept"}:
        assert "pending" in states[measure], measure


def test_the_planted_events_can_be_seen(spring: Made) -> None:
    planted = {one["name"]: one for one in spring.told["planted"]}
    week = planted["a week in which 999 calls wait"]
    days = {
        one["period_start"]: one
        for one in spring.told["counts"]
        if (one["measure"], one["period"]) == ("answer_999", "day")
    }
    inside = [one for day, one in days.items() if week["from"] <= day <= week["to"]]
    outside = [one for day, one in days.items() if not week["from"] <= day <= week["to"]]
    assert len(inside) == 7
    assert rate(inside) < 0.8 < 0.9 < rate(outside)
    for name, short_by in (("a month kept with no case to spare", 0), ("a month missed by one case", 1)):
        edge = planted[name]
        of_month = ("month", edge["measure"], edge["from"])
        [month] = [o for o in spring.told["counts"] if (o["period"], o["measure"], o["period_start"]) == of_month]
        judged = month["met"] + month["missed"]
        assert judged >= 30
        assert 10 * (month["met"] + short_by) >= 9 * judged > 10 * (month["met"] + short_by - 1)


def rate(counts: list[dict[str, Any]]) -> float:
    met, missed = (sum(one[state] for one in counts) for state in ("met", "missed"))
    return met / (met + missed)


def test_the_bad_area_is_bad_where_it_is_rural(spring: Made) -> None:
    reached: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in spring.admitted["incidents"]:
        case = attend_emergency(row, spring.as_at)
        if case and case[1][0] in ("met", "missed"):
            reached[row["area"], row["setting_first"]].append(case[1][0])
    shares = {place: states.count("met") / len(states) for place, states in reached.items()}
    bad = shares.pop(("Western", "rural"))
    assert bad < 0.7 < 0.88 < min(shares.values())


@pytest.mark.parametrize(
    ("forces", "days", "seed", "found"),
    [
        ([], 1, 1, "no force"),
        (["norfolk", "norfolk"], 1, 1, "named twice"),
        (["norfolk"], 0, 1, "0 days"),
        (["norfolk"], 1, -1, "seed -1"),
    ],
)
def test_what_cannot_be_invented_is_refused(
    tmp_path: Path, forces: list[str], days: int, seed: int, found: str
) -> None:
    with pytest.raises(UsageError, match=found):
        invent(tmp_path / "new", forces, days, seed, SPRING)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        invent(tmp_path / "taken", ["norfolk"], 1, 1, SPRING)

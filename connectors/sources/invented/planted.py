"""What is planted, as data: how often each odd kind occurs, the bad spells, and the rows that must be quarantined.

A *course* is how a case went; its name says what is in the row, its state what that is by the rules of the Pledge.
The limits here are those the plan aims at, `policing_pledge_2008` with its default definitions; they judge nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from connectors.sources.invented.window import Array, Moments, Window, local_days

MET, MISSED, PENDING, UNKNOWN, EXCLUDED, TIMED = "met", "missed", "pending", "unknown", "excluded", "timed"

BIGGEST_FORCE, SMALLEST_FORCE, DEFAULT_FORCE = 1.8, 0.6, "norfolk"


class Line(NamedTuple):
    """A telephone line: calls a day for a force of size 1, the limit, and the chance of an answer inside it."""

    name: str
    measure: str
    per_day: float
    limit_seconds: int
    calm: float
    busy: float
    late_seconds: float


LINES = (
    Line("999", "answer_999", 225, 10, 0.99, 0.885, 14),
    Line("101", "answer_non_emergency", 515, 30, 0.985, 0.86, 75),
    Line("switchboard", "answer_non_emergency", 115, 30, 0.98, 0.93, 40),
)

# Kinds of call; the rest is public. Silent calls count, the others are excluded under their own name.
CALL_KINDS = {"silent": 0.02, "test": 0.006, "phantom": 0.004, "dropped": 0.015}
EXCLUDED_KINDS = ("test", "phantom", "dropped")


class Course(NamedTuple):
    share: float
    state: str
    reason: str = ""


# The rest is answered, in time or late as the load has it.
ANSWERED = "answered"
CALL_COURSES = {
    "answered_on_limit": Course(0.002, MET),
    "hung_up_after_answer": Course(0.004, MET),
    "abandoned_short": Course(0.02, EXCLUDED, "short_abandoned"),
    "abandoned_on_limit": Course(0.001, EXCLUDED, "short_abandoned"),
    "abandoned_long": Course(0.015, MISSED),
    "answer_not_recorded": Course(0.008, UNKNOWN),
    "answer_before_received": Course(0.002, UNKNOWN),
    "never_answered_nor_ended": Course(0.0005, MISSED),
}

OFFICER_PER_DAY, PARTNER_PER_DAY, TEST_PER_DAY = 24, 14, 2
BORN_OF_CALLS = {"999": 0.48, "101": 0.28, "switchboard": 0.06}
GRADES = ("emergency", "priority", "scheduled", "resolution_without_deployment")
GRADED = {"999": (0.52, 0.33, 0.05, 0.10), "other": (0.08, 0.36, 0.28, 0.28)}
VULNERABLE, NEIGHBOURHOOD_PRIORITY, DUPLICATE = 0.13, 0.10, 0.02
REGRADED, SETTING_CHANGED, FINAL_EMPTY = 0.06, 0.015, 0.05
ETA_GIVEN = {"emergency": 0.985, "appointment": 0.99, "other": 0.97}

# Attendance: minutes allowed, chance in time when calm and when busy.
EMERGENCY_MINUTES = {"urban": 15, "rural": 20}
WITHIN_THE_HOUR_MINUTES = 60
IN_TIME = {
    "emergency": (0.985, 0.88),
    "vulnerable": (0.975, 0.88),
    "priority": (0.975, 0.88),
    "attendance": (0.94, 0.85),
    "appointment": (0.96, 0.92),
    "advice": (1.0, 1.0),
}
ATTENDED = "attended"
ATTENDANCE_COURSES = {
    "attended_on_limit": Course(0.004, MET),
    "cancelled_after_arrival": Course(0.01, ""),
    "cancelled_in_time": Course(0.03, EXCLUDED, "cancelled"),
    "cancelled_late": Course(0.006, MISSED),
    "closed_without_arrival": Course(0.03, UNKNOWN),
    "arrived_before_received": Course(0.004, UNKNOWN),
    "left_open": Course(0.001, MISSED),
}
# Callers who should have been seen within the hour and were given an appointment; only graded `scheduled`.
ATTENDED_BY_APPOINTMENT, ATTENDED_BY_APPOINTMENT_SHARE = "attended_by_appointment", 0.15
DISPATCHED_BEFORE_RECEIVED = 0.004

OFFER_HOURS, KEPT_MINUTES = 48, 15
KEPT = "kept"
# The state is that of `appointment_offered`.
APPOINTMENT_COURSES = {
    "kept_on_limit": Course(0.006, MET),
    "kept_not_recorded": Course(0.03, MET),
    "appointment_forgotten": Course(0.005, MET),
    "appointment_late": Course(0.05, MISSED),
    "asked_later": Course(0.05, EXCLUDED, "caller_asked_later"),
    "cancelled_before_appointment": Course(0.04, EXCLUDED, "cancelled"),
    "cancelled_after_limit": Course(0.006, MISSED),
    "attended_without_appointment": Course(0.06, MET),
    "attended_late_without_appointment": Course(0.01, MISSED),
    "closed_without_either": Course(0.02, UNKNOWN),
    "left_open": Course(0.004, PENDING),
}

ADVISED = "advised"
ADVICE_COURSES = {
    "closed_without_advice": Course(0.012, MISSED),
    "advice_after_closing": Course(0.004, MISSED),
    "cancelled_before_advice": Course(0.02, EXCLUDED, "cancelled"),
    "advice_before_received": Course(0.003, UNKNOWN),
    "left_open": Course(0.002, PENDING),
}


@dataclass(frozen=True)
class Spell:
    """A time or place in which a promise goes badly; `begins` days before the window's end, None = throughout."""

    name: str
    measure: str
    in_time: float
    begins: int | None = None
    days: int = 0
    area: str = ""
    setting: str = ""

    def span(self, window: Window) -> tuple[date, date]:
        if self.begins is None:
            return window.first_day, window.last_day
        first = window.last_day - timedelta(days=self.begins)
        return max(first, window.first_day), first + timedelta(days=self.days - 1)

    def covers(self, moments: Moments, window: Window) -> Array:
        first, last = (np.datetime64(day) for day in self.span(window))
        days = local_days(moments)
        return (days >= first) & (days <= last)


@dataclass(frozen=True)
class KnifeEdge:
    """A month whose figure lies exactly at 90 %: as few met as still keep the promise, or `short_by` fewer."""

    name: str
    measure: str
    promise: str
    month: str
    short_by: int = 0

    def month_in(self, window: Window) -> date:
        return (window.first_day if self.month == "first" else window.last_day).replace(day=1)


TARGET_TENTHS = 9
SLOW_999_WEEK = Spell("a week in which 999 calls wait", "answer_999", 0.74, begins=20, days=7)
FAR_RURAL = Spell(
    "rural emergencies of one area are reached late", "attend_emergency", 0.6, area="Western", setting="rural"
)
UNREAD_MAILBOX = Spell(
    "a week in which a mailbox is not read", "message_answered", 0.4, begins=33, days=6, area="Eastern"
)
# The share of officers who stay with their teams.
BIG_EVENT = Spell("officers are taken off their teams for a big event", "abstraction", 0.8, begins=26, days=3)
SPELLS = (SLOW_999_WEEK, FAR_RURAL, UNREAD_MAILBOX, BIG_EVENT)
KNIFE_EDGES = (
    KnifeEdge("a month kept with no case to spare", "attend_vulnerable", "vulnerable", "first"),
    KnifeEdge("a month missed by one case", "attend_priority", "priority", "last", short_by=1),
)


class Spoilt(NamedTuple):
    """A row that must be quarantined: a good one, under a new key, with one value replaced."""

    kind: str
    column: str
    value: str


class Conflict(NamedTuple):
    """Two rows under one key that differ in one column: both must be quarantined."""

    column: str
    one: str
    other: str


SPOILT = {
    "calls": (
        Spoilt("unreadable", "answered_at", "9999"),
        Spoilt("unreadable", "answered_at", "#VALUE!"),
        Spoilt("required_missing", "line", ""),
        Spoilt("not_in_value_set", "kind", "wrong number"),
        Spoilt("future", "ended_at", "2099-12-31T23:59:59Z"),
    ),
    "incidents": (
        Spoilt("unreadable", "arrived_at", "#VALUE!"),
        Spoilt("unreadable", "received_at", "9999"),
        Spoilt("before_1990", "closed_at", "1900-01-01T00:00:00Z"),
        Spoilt("required_missing", "grade_first", ""),
    ),
    "victim_cases": (
        Spoilt("unreadable", "opened_at", "31.02.2026"),
        Spoilt("unreadable", "update_every_days", "monthly"),
        Spoilt("required_missing", "opened_at", ""),
        Spoilt("future", "closed_at", "2099-12-31T23:59:59Z"),
    ),
    "victim_contacts": (
        Spoilt("required_missing", "crime_id", ""),
        Spoilt("before_1990", "contacted_at", "1900-01-01T00:00:00Z"),
    ),
    "victim_events": (Spoilt("not_in_value_set", "event", "charged"),),
    "dissatisfactions": (
        Spoilt("unreadable", "reported_at", "9999"),
        Spoilt("future", "plan_done_at", "2099-12-31T23:59:59Z"),
    ),
    "surveys": (
        Spoilt("unreadable", "answered_on", "2026-13-01"),
        Spoilt("not_in_value_set", "ethnic_group", "unknown"),
    ),
    "messages": (
        Spoilt("unreadable", "responded_at", "#VALUE!"),
        Spoilt("unreadable", "reply_needed", "perhaps"),
        Spoilt("required_missing", "neighbourhood", ""),
        Spoilt("not_in_value_set", "channel", "pigeon"),
        Spoilt("future", "responded_at", "2099-12-31T23:59:59Z"),
    ),
    "duties": (
        Spoilt("unreadable", "ended_at", "2400"),
        Spoilt("required_missing", "officer_id", ""),
        Spoilt("not_in_value_set", "activity", "VIS"),
        Spoilt("before_1990", "started_at", "1900-01-01 00:00"),
    ),
}
CONFLICTS = {
    "calls": (Conflict("kind", "public", "silent"),),
    "incidents": (Conflict("grade_first", "priority", "scheduled"),),
    "victim_cases": (Conflict("enhanced_rights", "true", "false"),),
    "messages": (Conflict("kind", "public", "test"),),
    "duties": (Conflict("activity", "visible", "abstracted"),),
}
# Local times without an offset, on the days the clocks change: 01:30 did not exist, or came twice.
BAD_CLOCK = {"forward": "nonexistent_local_time", "back": "ambiguous_local_time"}
BAD_CLOCK_ROWS, BAD_CLOCK_TIME = 3, "01:30:00"
REPEATED_ROWS = {
    "calls": 12,
    "incidents": 8,
    "messages": 4,
    "duties": 10,
    "victim_cases": 5,
    "victim_contacts": 5,
}

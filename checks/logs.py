"""The contract: every log a force's systems may deliver, once.

Readers, fitness suites, Delta schemas, judging views and the README's tables all derive from `LOGS`. The notation
is that of the specification: `*` marks a key column (and is required), `!` a required one; the type follows
from the column's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

# Stands beside a log's columns where a source marks records withdrawn: true for a key that is to go.
DELETED = "deleted"


class Kind(StrEnum):
    """What a column holds. Moments are UTC instants with microseconds; dates and times are local."""

    TEXT = "text"
    MOMENT = "moment"
    DATE = "date"
    MONTH = "month"
    TIME = "time"
    COUNT = "count"
    FLAG = "flag"
    SLUG = "slug"
    WEEKDAY = "weekday"


@dataclass(frozen=True)
class Column:
    """One column: `values` is its closed set (empty = any); a `planned` time may lie in the future."""

    name: str
    kind: Kind
    key: bool = False
    required: bool = False
    values: tuple[str, ...] = ()
    planned: bool = False


@dataclass(frozen=True)
class Log:
    """One log.

    `order` lists pairs of moments (earlier, later) that are flagged, not quarantined, when out of order.
    `dated_by` is the column whose month files a row in the lake ('' = the log is small and kept in one piece).
    """

    name: str
    columns: tuple[Column, ...]
    order: tuple[tuple[str, str], ...] = ()
    dated_by: str = ""

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.key)

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    @cached_property
    def personal(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.name in PERSONAL)

    @cached_property
    def moments(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.kind is Kind.MOMENT)


_FLAGS = frozenset(
    "vulnerable neighbourhood_priority eta_given appointment_requested_later reply_needed enhanced_rights base_given "
    "how_to_work_given held crime_map outcomes action_taken force_performance treatment_satisfied overall_satisfied "
    "advertised_open found_open".split()
)
_COUNTS = frozenset("update_every_days officers_named contact_methods attendance".split())
_TIMES = frozenset({"from_time", "to_time"})

# Planned times and the ends of validity are not events: they may lie ahead of the delivery that carries them.
_PLANNED = frozenset(
    "appointment_at detail_promised_for plan_due_at update_until starts_at "
    "active_to valid_from_on valid_to_on ended_on".split()
)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GRADES = ("emergency", "priority", "scheduled", "resolution_without_deployment")
_SETTINGS = ("urban", "rural")


# References to records of persons: by them a person can be found again in the force's own systems.
PERSONAL = frozenset(
    "call_id incident_id message_id crime_id contact_id event_id duty_id officer_id response_id complaint_id "
    "duplicate_of".split()
)

# Logs the product writes itself: one that is absent means that nothing was said, not that a feed failed.
WRITTEN_HERE = frozenset({"explanations"})


def _kind(name: str) -> Kind:
    if name.endswith(("_at", "_for", "_until")) or name.startswith("active_"):
        return Kind.MOMENT
    if name.endswith("_on"):
        return Kind.DATE
    if name == "covers_month":
        return Kind.MONTH
    if name in _TIMES:
        return Kind.TIME
    if name in _COUNTS:
        return Kind.COUNT
    if name in ("force", "weekday"):
        return Kind.SLUG if name == "force" else Kind.WEEKDAY
    return Kind.FLAG if name in _FLAGS else Kind.TEXT


def _log(
    name: str,
    columns: str,
    dated_by: str = "",
    order: tuple[str, ...] = (),
    **values: tuple[str, ...],
) -> Log:
    parsed = []
    for word in columns.split():
        bare = word.rstrip("*!")
        parsed.append(
            Column(bare, _kind(bare), "*" in word, word != bare, values.get(bare, ()), planned=bare in _PLANNED)
        )
    pairs = tuple((a, b) for chain in order for a, b in zip(chain.split(), chain.split()[1:], strict=False))
    return Log(name, tuple(parsed), pairs, dated_by)


LOGS: dict[str, Log] = {
    log.name: log
    for log in (
        _log(
            "calls",
            "call_id* force* area line! kind! dialled_at received_at! answered_at abandoned_at ended_at",
            dated_by="received_at",
            order=("dialled_at received_at answered_at ended_at", "received_at abandoned_at ended_at"),
            line=("999", "101", "switchboard"),
            kind=("public", "silent", "test", "phantom", "dropped"),
        ),
        _log(
            "incidents",
            "incident_id* force* area neighbourhood call_id origin! received_at! created_at grade_first! grade_final "
            "setting_first! setting_final vulnerable neighbourhood_priority eta_given dispatched_at arrived_at "
            "appointment_at appointment_requested_later appointment_kept_at advice_given_at cancelled_at "
            "duplicate_of closed_at",
            dated_by="received_at",
            order=(
                "received_at created_at dispatched_at arrived_at closed_at",
                "received_at cancelled_at closed_at",
                "received_at advice_given_at closed_at",
                "received_at arrived_at",
                "received_at appointment_kept_at",
            ),
            origin=("public", "officer", "partner", "test"),
            grade_first=_GRADES,
            grade_final=_GRADES,
            setting_first=_SETTINGS,
            setting_final=_SETTINGS,
        ),
        _log(
            "messages",
            "message_id* force* area neighbourhood! channel kind! received_at! opened_at reply_needed auto_reply_at "
            "responded_at detail_promised_for detail_sent_at duplicate_of",
            dated_by="received_at",
            order=("received_at opened_at responded_at detail_sent_at", "received_at auto_reply_at"),
            channel=("phone", "voicemail", "email", "web", "social", "in_person"),
            kind=("public", "test"),
        ),
        _log(
            "victim_cases",
            "crime_id* force* area neighbourhood opened_at! agreed_at update_every_days update_until "
            "updates_declined_at enhanced_rights closed_at",
            dated_by="opened_at",
            order=("opened_at agreed_at", "opened_at updates_declined_at", "opened_at closed_at"),
        ),
        _log(
            "victim_contacts",
            "contact_id* force* crime_id! contacted_at! recorded_at method",
            dated_by="contacted_at",
            order=("contacted_at recorded_at",),
        ),
        _log(
            "victim_events",
            "event_id* force* crime_id! event! happened_at! told_at",
            dated_by="happened_at",
            order=("happened_at told_at",),
            event=(
                "arrested",
                "interviewed",
                "released_without_charge",
                "released_on_bail_or_investigation",
                "bail_changed",
                "decision_not_to_investigate",
            ),
        ),
        _log(
            "duties",
            "duty_id* force* area neighbourhood! officer_id! started_at! ended_at! activity!",
            dated_by="started_at",
            order=("started_at ended_at",),
            activity=("visible", "neighbourhood_other", "abstracted", "training", "leave", "sick"),
        ),
        _log(
            "agreed_hours",
            "neighbourhood* force* weekday* from_time* to_time! valid_from_on* valid_to_on",
            weekday=WEEKDAYS,
        ),
        _log("postings", "officer_id* force* neighbourhood* started_on* ended_on"),
        _log(
            "neighbourhoods",
            "neighbourhood* force* area name setting active_from! active_to",
            setting=_SETTINGS,
            order=("active_from active_to",),
        ),
        _log(
            "team_pages",
            "neighbourhood* force* checked_at* officers_named contact_methods base_given how_to_work_given "
            "last_changed_at",
            dated_by="checked_at",
            order=("last_changed_at checked_at",),
        ),
        _log(
            "meetings",
            "meeting_id* force* neighbourhood! kind! starts_at! advertised_at held cancelled_at attendance",
            dated_by="starts_at",
            kind=("meeting", "surgery", "street_briefing", "mobile_station"),
        ),
        _log(
            "updates",
            "update_id* force* neighbourhood! published_at! covers_month crime_map outcomes action_taken "
            "force_performance",
            dated_by="published_at",
        ),
        _log(
            "surveys",
            "response_id* force* area answered_on! service ethnic_group treatment_satisfied overall_satisfied",
            dated_by="answered_on",
            service=("burglary", "violence", "vehicle", "collision", "asb", "racist_incident", "other"),
            ethnic_group=("white", "minority", "not_stated"),
        ),
        _log(
            "counter_visits",
            "visit_id* force* area station! visited_at! advertised_open found_open",
            dated_by="visited_at",
        ),
        _log(
            "dissatisfactions",
            "complaint_id* force* area neighbourhood reported_at! became_aware_at acknowledged_at "
            "handling_discussed_at in_person_offered_at plan_agreed_at plan_due_at plan_done_at duplicate_of closed_at",
            dated_by="reported_at",
            order=(
                "became_aware_at reported_at acknowledged_at",
                "reported_at handling_discussed_at",
                "reported_at in_person_offered_at",
                "reported_at plan_agreed_at plan_done_at",
                "reported_at closed_at",
            ),
        ),
        # Of one breach, or of every miss of a measure in a force on the local day the missed cases belong to.
        _log(
            "explanations",
            "explanation_id* force* breach_id measure missed_on reason! recorded_at! recorded_by!",
            dated_by="recorded_at",
        ),
    )
}

"""The log `messages`: what is written, said and left for neighbourhood teams, what they answer and promise."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load, chance
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import EXCLUDED, MET, MISSED, UNKNOWN, UNREAD_MAILBOX, Course
from connectors.sources.invented.truth import cases_of, settled
from connectors.sources.invented.window import (
    HOUR,
    Array,
    Moments,
    Window,
    local_days,
    moment,
    moments_of,
    nothing,
    seconds,
    to_utc,
)
from connectors.sources.invented.writing import flag_text, local_text

_PER_DAY, _LIMIT = 25, 24 * HOUR
_SECOND, _MINUTE = np.timedelta64(1000, "ms"), np.timedelta64(60_000, "ms")
_CHANNELS = {"email": 0.34, "web": 0.22, "voicemail": 0.12, "social": 0.1, "in_person": 0.04}
_CALM, _BUSY = 0.985, 0.93

ANSWERED = "answered"
_COURSES = {
    "answered_on_limit": Course(0.004, MET),
    "answered_a_second_late": Course(0.004, MISSED),
    "never_answered": Course(0.012, MISSED),
    "automatic_reply_only": Course(0.015, MISSED),
    "answered_before_received": Course(0.004, UNKNOWN),
}
# What a message is decides before how it went; the reasons in the order of the closed list.
_KINDS = {"test": 0.008, "duplicate": 0.03, "no_reply_needed": 0.06}
_NEEDED, _NOT_SAID = "needed", 0.15
_AUTOMATIC_REPLY = 0.4

_PROMISED_DETAIL = 0.15
_DETAIL_KEPT = "detail_kept"
_DETAIL_COURSES = {
    "detail_to_the_minute": Course(0.03, MET),
    "detail_late": Course(0.1, MISSED),
    "detail_never": Course(0.06, MISSED),
    "detail_before_received": Course(0.02, UNKNOWN),
}


def messages(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the log, and the cases of `message_answered` and `detail_followed_up`."""
    received = load.arrivals(_PER_DAY * size, rng).astype("datetime64[s]").astype("datetime64[ms]")
    plan = pd.DataFrame({"message_id": keys(places.force, "M", len(received)), "received_at": received})
    plan["place"] = places.draw(len(plan), rng)
    plan["kind"] = draw_kinds(len(plan), _KINDS, _NEEDED, rng)
    plan.loc[:2, "kind"] = _NEEDED  # a duplicate needs a message before it
    plan["course"] = draw_kinds(len(plan), {name: course.share for name, course in _COURSES.items()}, ANSWERED, rng)
    _over_the_clock_change(plan, window)
    _answer(plan, window, load, places, rng)
    as_at = moment(window.as_at)
    _promise(plan, as_at, rng)
    cases = [_answered_cases(plan, places.force, as_at), _detail_cases(plan, places.force, as_at)]
    return {"messages": _rows(plan, places, as_at, rng)}, pd.concat(cases, ignore_index=True)


def _over_the_clock_change(plan: pd.DataFrame, window: Window) -> None:
    """Answers exactly 24 elapsed hours later, and a second after that, over the night in which the clocks change."""
    for day in window.clock_changes.values():
        before = local_days(moments_of(plan, "received_at")) == np.datetime64(day - timedelta(days=1))
        chosen = np.flatnonzero(before & (plan["kind"] == _NEEDED).to_numpy())[-2:]
        plan.loc[chosen, "course"] = ["answered_on_limit", "answered_a_second_late"][: len(chosen)]


def _answer(plan: pd.DataFrame, window: Window, load: Load, places: Places, rng: np.random.Generator) -> None:
    received, course, count = moments_of(plan, "received_at"), plan["course"].to_numpy(), len(plan)
    in_time = chance(_CALM, _BUSY, load.pressure_at(received))
    unread = UNREAD_MAILBOX.covers(received, window) & (places.area[plan["place"]] == UNREAD_MAILBOX.area)
    plan["in_time"] = rng.random(count) < np.where(unread, UNREAD_MAILBOX.in_time, in_time)
    early = seconds(np.clip(rng.lognormal(9.3, 1.1, count), 30, 86_399).round())
    late = _LIMIT + _SECOND + seconds(rng.exponential(90_000, count).round())
    taken = np.select(
        [course == "answered_on_limit", course == "answered_a_second_late", course == "answered_before_received"],
        [_LIMIT, _LIMIT + _SECOND, -_MINUTE * rng.integers(1, 50, count)],
        np.where(plan["in_time"], early, late),
    )
    is_answered = ~np.isin(course, ("never_answered", "automatic_reply_only"))
    plan["responded_at"] = np.where(is_answered, received + taken, nothing(count))
    automatic = (rng.random(count) < _AUTOMATIC_REPLY) & (course != "never_answered")
    automatic |= course == "automatic_reply_only"
    plan["auto_reply_at"] = np.where(automatic, received + _SECOND * rng.integers(1, 40, count), nothing(count))
    opened = np.fmin(received + seconds(rng.exponential(14_000, count).round()), moments_of(plan, "responded_at"))
    plan["opened_at"] = np.where(is_answered & (rng.random(count) < 0.9), np.fmax(opened, received), nothing(count))


def _promise(plan: pd.DataFrame, as_at: np.datetime64, rng: np.random.Generator) -> None:
    """What the first response promised for later, where there is one by `as_at`, and when it was sent."""
    count, answered = len(plan), moments_of(plan, "responded_at")
    plan["detail"] = draw_kinds(
        count, {name: course.share for name, course in _DETAIL_COURSES.items()}, _DETAIL_KEPT, rng
    )
    promises = (
        (rng.random(count) < _PROMISED_DETAIL) & (answered <= as_at) & (plan["course"] != "answered_before_received")
    )
    # 17:00, local time, some days later.
    day = local_days(np.fmax(answered, moments_of(plan, "received_at"))) + rng.integers(2, 11, count)
    five_o_clock = np.add(day.astype("datetime64[ms]"), 17 * HOUR)
    promised = to_utc(five_o_clock)
    plan["detail_promised_for"] = np.where(promises, promised, nothing(count))
    wait = (promised - answered) / _MINUTE
    sent = np.select(
        [plan["detail"] == kind for kind in ("detail_to_the_minute", "detail_late", "detail_before_received")],
        [promised, promised + _MINUTE * rng.integers(1, 6_000, count), moments_of(plan, "received_at") - _MINUTE],
        answered
        + _MINUTE * np.maximum((np.where(np.isnan(wait), 1, wait) * rng.uniform(0.2, 1, count)).astype(int), 1),
    )
    sent[(plan["detail"] == "detail_never").to_numpy() | ~promises] = np.datetime64("NaT")
    plan["detail_sent_at"] = sent


def _answered_cases(plan: pd.DataFrame, force: str, as_at: np.datetime64) -> pd.DataFrame:
    in_time = np.where(plan["in_time"], MET, MISSED)
    known = plan["course"].map({name: course.state for name, course in _COURSES.items()})
    received = moments_of(plan, "received_at")
    state = settled(np.where(known.notna(), known, in_time), moments_of(plan, "responded_at"), received + _LIMIT, as_at)
    left_out = (plan["kind"] != _NEEDED).to_numpy()
    state = np.where(left_out, EXCLUDED, state)
    ids, reason = plan["message_id"].to_numpy(), plan["kind"].to_numpy()
    return cases_of("message_answered", force, ids, received, state, reason, missed_at=received + _LIMIT)


def _detail_cases(plan: pd.DataFrame, force: str, as_at: np.datetime64) -> pd.DataFrame:
    """Who promised something keeps it, whether or not the message itself needed a reply."""
    part = plan[plan["detail_promised_for"].notna()]
    planned = part["detail"].map({name: course.state for name, course in _DETAIL_COURSES.items()}).fillna(MET)
    promised = moments_of(part, "detail_promised_for")
    state = settled(planned.to_numpy(object), moments_of(part, "detail_sent_at"), promised, as_at)
    state = np.where(part["kind"].isin(["test", "duplicate"]), EXCLUDED, state)
    ids, reason = part["message_id"].to_numpy(), part["kind"].to_numpy()
    return cases_of("detail_followed_up", force, ids, promised, state, reason)


def _rows(plan: pd.DataFrame, places: Places, as_at: np.datetime64, rng: np.random.Generator) -> pd.DataFrame:
    kind, count = plan["kind"], len(plan)
    original = plan["message_id"].to_numpy()[np.maximum(np.arange(count) - rng.integers(1, 3, count), 0)]
    said = np.where(rng.random(count) < _NOT_SAID, "", flag_text(np.ones(count, dtype=bool)))
    rows = {
        "message_id": plan["message_id"],
        "force": places.force,
        "area": places.area[plan["place"]],
        "neighbourhood": places.code[plan["place"]],
        "channel": draw_kinds(count, _CHANNELS, "phone", rng),
        "kind": np.where(kind == "test", "test", "public"),
        "reply_needed": np.where(kind == "no_reply_needed", "false", said),
        "detail_promised_for": local_text(moments_of(plan, "detail_promised_for")),
        "duplicate_of": np.where(kind == "duplicate", original, ""),
    }
    for name in ("received_at", "opened_at", "auto_reply_at", "responded_at", "detail_sent_at"):
        rows[name] = local_text(_known(moments_of(plan, name), as_at))
    return pd.DataFrame(rows)


def _known(moments: Moments, as_at: np.datetime64) -> Array:
    return np.where(moments > as_at, nothing(len(moments)), moments)

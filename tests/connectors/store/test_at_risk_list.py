"""The watch's list in the store, on either database: once on it, one outcome, the channel's list rewritten in place."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select, update

from checks.at_risk import SETTLED_FOR, Clock, Listed, Outcome
from connectors.slack.blocks import Message
from connectors.store.at_risk import (
    begin_list,
    channels_with_lists,
    put_on,
    rewrite_list,
    settle,
    settled_since,
    standing_list,
    unsettled,
)
from connectors.store.engine import reading
from connectors.store.read import read_table
from connectors.store.tables import announcements
from tests.connectors.store.conftest import NIGHT

DUE = NIGHT + timedelta(hours=2)
CLOCK = Clock("message_answered", "kent", "m1", "east", "pending", DUE)
LISTED = Listed("message_answered", "kent", "m1", DUE, NIGHT)
HOUR = timedelta(hours=1)


def test_listed_once_and_settled_once_unless_a_miss_was_none(store: Engine) -> None:
    with store.begin() as conn:
        assert put_on(conn, [(CLOCK, "C1")], NIGHT) == 1
        assert put_on(conn, [(CLOCK, "C1")], NIGHT + HOUR) == 0
        assert unsettled(conn, NIGHT) == [LISTED]
        settle(conn, LISTED, Outcome.MISSED, DUE + HOUR)
        settle(conn, LISTED, Outcome.MISSED, DUE + 2 * HOUR)
        assert [each.settled_at for each in settled_since(conn, "C1", NIGHT)] == [DUE + HOUR]
        assert unsettled(conn, DUE + SETTLED_FOR - HOUR) == [LISTED], "a late record may still say otherwise"
        assert unsettled(conn, DUE + SETTLED_FOR) == []
        settle(conn, LISTED, Outcome.SAVED, DUE - HOUR)
        assert unsettled(conn, DUE) == []
        assert settled_since(conn, "C2", NIGHT) == [] == settled_since(conn, "C1", DUE)
    with reading(store) as conn:
        (row,) = read_table(conn, "at_risk", {"force": "kent", "measure": "message_answered"})
    assert (row["outcome"], row["listed_at"], row["settled_at"]) == ("saved", NIGHT, DUE - HOUR)


def test_a_list_is_begun_once_and_rewritten_in_place(store: Engine) -> None:
    one, other = (Message("at_risk", "at_risk/1", text, ()) for text in ("one", "other"))
    with store.begin() as conn:
        assert standing_list(conn, "C1") is None and channels_with_lists(conn) == []
        begin_list(conn, "C1", one, NIGHT)
        begin_list(conn, "C1", other, NIGHT)
        assert not rewrite_list(conn, "C1", one), "nothing new"
        assert rewrite_list(conn, "C1", other)
        row = standing_list(conn, "C1")
        assert row is not None and not row.edit_due and row.payload == other.as_json(), "posted as it now reads"
        conn.execute(update(announcements).values(attempts=1, state="sent", slack_ts="1.1"))
        assert rewrite_list(conn, "C1", one) and channels_with_lists(conn) == ["C1"]
        assert [bool(due) for due in conn.scalars(select(announcements.c.edit_due))] == [True]
        conn.execute(update(announcements).values(last_error="… refused with message_not_found; …"))
        assert standing_list(conn, "C1") is None

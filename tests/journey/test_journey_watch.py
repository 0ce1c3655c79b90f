"""`pledge watch`: what runs out soon, after a night, as a user asks for it."""

from __future__ import annotations

from tests.journey.conftest import AS_AT
from tests.journey.logs import incident, write
from tests.journey.pledge import Pledge


def test_a_user_sees_what_runs_out_soon_and_the_night_is_left_as_it_is(pledge: Pledge) -> None:
    appointment = {"grade_first": "scheduled", "grade_final": "scheduled", "appointment_at": "2026-03-03 08:00:00"}
    rows = [incident("i1", "2026-03-02 10:00:00", None, **appointment), incident("i2", "2026-03-02 10:00:00")]
    write(pledge.input, "incidents", rows)
    assert pledge.run(AS_AT).code == 0
    before = pledge.tables()
    said = pledge("watch", "--as-at", AS_AT, "--format", "json")
    assert said.code == 0, said.err
    assert [(row["measure"], row["case_id"], row["due_at"]) for row in said.rows] == [
        ("appointment_kept", "i1", "2026-03-03T08:15:00Z")
    ]
    assert "run out soon: 1, newly listed: 1." in said.err
    again = pledge("watch", "--as-at", AS_AT, "--format", "json")
    assert again.out == said.out and "newly listed: 0." in again.err
    after = pledge.tables()
    assert len(after.pop("at_risk")) == 1 and not before.pop("at_risk")
    assert after == before, "no run, no figure, no case"
    assert pledge("watch", "--as-at", AS_AT, "--within", "1", "--format", "json").rows == []


def test_what_is_wrong_with_the_call_is_one_sentence(pledge: Pledge) -> None:
    assert pledge("watch").code == 2
    assert pledge("watch", "--within", "soon").sentence.endswith("more than 0, at most 744. Correct it.")

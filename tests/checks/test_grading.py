"""HMIC's grades from the comparison with similar forces and with the force's own past."""

from __future__ import annotations

import pytest

from checks.grading import Grade, Travel, grade, travel
from checks.statistics import Difference, Direction, Share

PEERS = [Share(500, 1000)] * 4
HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


@pytest.mark.parametrize(
    ("now", "past", "peers", "expected", "moved"),
    [
        pytest.param(505, 500, PEERS, Grade.MEETING, Travel.UNCHANGED, id="like the others"),
        pytest.param(560, 555, PEERS, Grade.EXCEEDING, Travel.UNCHANGED, id="better than the others"),
        pytest.param(560, 500, PEERS, Grade.EXCEEDING, Travel.IMPROVED, id="better and improving"),
        pytest.param(560, 700, PEERS, Grade.MEETING, Travel.DECLINED, id="never exceeding while declining"),
        pytest.param(440, 300, PEERS, Grade.FAILING, Travel.IMPROVED, id="failing although improving"),
        pytest.param(505, 600, PEERS, Grade.MEETING, Travel.DECLINED, id="the others decide, not the past"),
        pytest.param(505, 400, PEERS, Grade.MEETING, Travel.IMPROVED, id="improved, but like the others"),
        pytest.param(560, None, PEERS, Grade.EXCEEDING, Travel.NOT_KNOWN, id="no past"),
        pytest.param(560, 500, [], Grade.EXCEEDING, Travel.IMPROVED, id="no peers: better than its past"),
        pytest.param(440, 500, [], Grade.FAILING, Travel.DECLINED, id="no peers: worse than its past"),
        pytest.param(505, 500, [], Grade.MEETING, Travel.UNCHANGED, id="no peers: like its past"),
        pytest.param(505, None, [], Grade.CANNOT_JUDGE, Travel.NOT_KNOWN, id="neither"),
    ],
)
def test_grades(now: int, past: int | None, peers: list[Share], expected: Grade, moved: Travel) -> None:
    earlier = None if past is None else Share(past, 1000)
    found = grade(Share(now, 1000), earlier, peers, HIGHER)
    assert (found.grade, found.travel) == (expected, moved)
    mirrored = grade(
        Share(1000 - now, 1000),
        None if past is None else Share(1000 - past, 1000),
        [Share(peer.n - peer.met, peer.n) for peer in peers],
        LOWER,
    )
    assert (mirrored.grade, mirrored.travel) == (expected, moved)


def test_the_reason_names_what_decided() -> None:
    assert "most similar forces" in grade(Share(560, 1000), Share(500, 1000), PEERS).why
    assert "declined" in grade(Share(560, 1000), Share(700, 1000), PEERS).why
    assert "its own past" in grade(Share(560, 1000), Share(500, 1000), []).why


def test_both_comparisons_come_with_the_grade() -> None:
    found = grade(Share(560, 1000), Share(700, 1000), PEERS)
    assert found.against_past.difference is Difference.WORSE
    assert found.against_peers.difference is Difference.BETTER
    assert found.against_peers.change == pytest.approx(0.06)


# HMIC's words for the same rows as in test_statistics.
def test_travel_in_hmics_words() -> None:
    assert travel(Share(563, 1000), Share(500, 1000), HIGHER) is Travel.IMPROVED
    assert travel(Share(115, 1000), Share(117, 1000), LOWER) is Travel.UNCHANGED
    assert travel(Share(200, 1000), Share(117, 1000), LOWER) is Travel.DECLINED
    assert travel(Share(200, 1000), None, LOWER) is Travel.NOT_KNOWN

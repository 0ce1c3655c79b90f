"""What may be said of a broken promise, and what is refused without repeating anybody's words."""

from __future__ import annotations

from datetime import date

import pytest

from checks.errors import UsageError
from checks.explanation import (
    AUTHOR_LIMIT,
    REASONS,
    TEXT_LIMIT,
    Scope,
    checked_author,
    checked_reason,
    checked_text,
)

DAY = date(2026, 3, 2)
PRIVATE = "Mrs Planted Name of 4 Planted Street"


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_taken_and_has_words(code: str) -> None:
    assert checked_reason(f" {code} ") == code
    assert REASONS[code][0].isupper()
    assert len(REASONS[code]) <= 75, "an option of a Slack select"


def test_a_misspelt_reason_names_the_closest() -> None:
    with pytest.raises(UsageError, match=r"staff_abstractd is not on the list.*Did you mean staff_abstracted\?"):
        checked_reason("staff_abstractd")


def test_words_in_the_place_of_a_reason_are_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        checked_reason(PRIVATE)
    assert "Planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  both cars at a fire \n", "both cars at a fire"),
        ("first\r\nsecond\rthird", "first\nsecond\nthird"),
        ("x" * TEXT_LIMIT, "x" * TEXT_LIMIT),
        ("Ünïcode – “quoted” 🚓", "Ünïcode – “quoted” 🚓"),
        ("", ""),
    ],
)
def test_texts_that_are_kept(text: str, kept: str) -> None:
    assert checked_text(text, "it_failure") == kept


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x" * (TEXT_LIMIT + 1), "2,001 characters"),
        (f"{PRIVATE}\x00", "a control character"),
        (f"{PRIVATE}\x1b[31m", "a control character"),
        (f"{PRIVATE}\u202e", "a control character"),
        (f"{PRIVATE}\ud800", "a control character"),
        (f"{PRIVATE}\ttab", "a control character"),
    ],
)
def test_texts_that_are_refused_are_not_repeated(text: str, found: str) -> None:
    with pytest.raises(UsageError, match=found) as refused:
        checked_text(text, "other")
    assert "Planted" not in str(refused.value)


def test_another_reason_wants_words() -> None:
    with pytest.raises(UsageError, match="empty with the reason other"):
        checked_text("  \n ", "other")


@pytest.mark.parametrize("by", ["", "  ", "a\nb", "x" * (AUTHOR_LIMIT + 1)])
def test_authors_that_are_refused(by: str) -> None:
    with pytest.raises(UsageError, match="by:"):
        checked_author(by)


def test_an_author_of_exactly_the_limit() -> None:
    assert checked_author(" " + "x" * AUTHOR_LIMIT) == "x" * AUTHOR_LIMIT


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"breach_id": "b", "measure": "m", "force": "f", "day": DAY},
        {"breach_id": "b", "measure": "m"},
        {"measure": "m", "force": "f"},
        {"force": "f", "day": DAY},
        {"breach_id": "b", "area": "a"},
        {"area": "a"},
    ],
)
def test_a_scope_is_one_breach_or_a_whole_day(scope: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="scope"):
        Scope(**scope)  # type: ignore[arg-type]


def test_scopes() -> None:
    assert Scope("b").breach_id == "b"
    assert Scope(measure="m", force="f", day=DAY, area="a").day == DAY

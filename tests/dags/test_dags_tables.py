"""How rows stand in a terminal: in columns, whatever the letters."""

from __future__ import annotations

import pytest

from dags.tables import ROWS_SHOWN, Format, aligned, show


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_end_in_line() -> None:
    said = aligned([("answer_999", "7"), ("", "1,000")], ("measure", "n"), right=(1,))
    assert said.splitlines() == [
        "measure         n",
        "----------  -----",
        "answer_999      7",
        "            1,000",
    ]


def test_a_heading_stands_without_rows() -> None:
    assert aligned([], ("measure", "n")).splitlines() == ["measure    n", "---------  ---"]


def test_wide_letters_and_marks_take_the_room_they_take() -> None:
    said = aligned([("漢字", "x"), ("e\u0301", "x"), ("–", "x")], ("of", "to"))
    assert said.splitlines()[2:] == ["漢字  x", "e\u0301     x", "–     x"]


@pytest.mark.parametrize(("rows", "told"), [(0, "(no rows)"), (ROWS_SHOWN, ""), (ROWS_SHOWN + 1, "… and 1 more rows")])
def test_what_is_not_shown_is_counted(rows: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(({"n": each} for each in range(rows)), ("n",), Format.TABLE)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 + min(rows, ROWS_SHOWN) + (1 if told else 0)
    assert said[-1].startswith(told)

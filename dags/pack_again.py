"""Re-deriving a pack's figures before it is handed over, as whoever gets it will: from its files alone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.database import connect

Row = dict[str, Any]
COMPARED = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")


def not_repeated(files: Mapping[str, bytes], figures: Sequence[Row], *, all_rows: bool) -> list[str]:
    """Re-derive the figures as whoever gets the pack will; a sentence for each that is not as published."""
    with tempfile.TemporaryDirectory(prefix="pledge-pack-") as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        counted = _answers(Path(folder), "count.sql")
        judged = _answers(Path(folder), "judge.sql")
    differing = [_differs("counted from its cases", *pair) for pair in zip(figures, counted, strict=True)]
    if all_rows:
        differing += [_differs("judged from its rows", *pair) for pair in zip(figures, judged, strict=True)]
    else:
        differing += [
            f"Case {row['case_id']} is {row['judged_again']} judged from its rows, and {row['published']} as published."
            for row in judged
            if row["judged_again"] != row["published"]
        ]
    return [sentence for sentence in differing if sentence]


def _answers(folder: Path, script: str) -> list[Row]:
    con = connect()
    try:
        con.execute(f"set file_search_path = '{folder}'")
        found = con.execute((folder / script).read_text("utf-8"))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    finally:
        con.close()


def _differs(how: str, said: Row, found: Row) -> str:
    if all(said[name] == found[name] for name in COMPARED):
        return ""
    where = " ".join(part for part in (said["force"], said["area"], said["neighbourhood"]) if part)
    return (
        f"The figure of {where}, {said['period']} from {said['period_start']}, is {found['numerator']} / "
        f"{found['denominator']} {how}, and {said['numerator']} / {said['denominator']} as published."
    )

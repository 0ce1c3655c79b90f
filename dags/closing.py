"""Closing a month: wait for its nights, have a registrar sign what they were shown, publish, keep the signature.

A month is ready when a run has judged from after its end and none of its nights is missing. Figures may change after
they were signed, because late rows come: the signature stays with the hash of what was signed, and whoever reads it is
told whether the month is still as it was then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from checks.chain import Broken
from checks.closing import Brought, figures_hash, missing_nights, refuse_signer, registrars
from checks.errors import UsageError
from checks.explanation import checked_text
from checks.feeds import ALL, last_day
from connectors.settings import Settings
from connectors.store import read, signings
from connectors.store.engine import open_store, reading
from dags.delivered import delivered_of
from dags.plan import zones
from dags.published import SUPPRESSED, published_columns, published_verdicts
from dags.publishing import published_folder
from dags.recorded import local_day
from dags.reporting import folder, report, told
from dags.tables import write_csv

Row = dict[str, Any]
Say = Callable[[str], None]
SHOWN = ("kept", "missed", "cannot_judge", "too_few", "in_progress")


@dataclass(frozen=True)
class Closing:
    """What a registrar is asked to sign: a month's figures as one run left them."""

    month: str
    run_id: str
    as_at: str
    figures_hash: str
    figures: int
    missing: tuple[str, ...]
    commitments: Mapping[str, int]

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.month}-01")

    @property
    def summary(self) -> str:
        """What is to be signed, in plain sentences; read aloud as well as in Markdown."""
        of = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in self.commitments.items())
        lines = [
            f"Month {self.month}, as run {self.run_id} left it ({self.figures:,} figures, judged from {self.as_at}).",
            f"Commitments of all forces and standards: {of or 'none judged'}.",
            f"Hash of the figures: {self.figures_hash}.",
            "No night is missing."
            if not self.missing
            else f"Provisional: {len(self.missing)} missing: {'; '.join(self.missing)}.",
        ]
        return "\n\n".join(lines)

    def to_json(self) -> Row:
        return {**asdict(self), "missing": list(self.missing), "summary": self.summary}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Closing:
        fields = {name: said[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "missing": tuple(said["missing"])})


def prepare(settings: Settings, month: date) -> Closing | None:
    """What there is to sign of a month; None while no run has judged from after its end.

    Raises UsageError while nobody is named who may sign: then there is no use in waiting.
    """
    if not registrars(settings.registrars):
        refuse_signer("", (), ())
    with reading(open_store(settings.store, create=False)) as conn:
        return _prepared(conn, settings, month)


def _prepared(conn: Connection, settings: Settings, month: date) -> Closing | None:
    runs = {row["run_id"]: row for row in read.read_table(conn, "runs")}
    brought = list(read.read_table(conn, "deliveries"))
    zone = zones(settings, sorted({ALL, *(row["force"] for row in brought)}))
    delivered = [
        Brought(delivered_of(row, runs[row["run_id"]]["run_number"], zone[row["force"]]), row["rows_admitted"])
        for row in brought
    ]
    last = last_day("month", month)
    # An erasure is a run, too, but judges nothing: it has no standards.
    judged = [row for row in runs.values() if row["status"] == "done" and row["standards"] not in ("", "[]")]
    after = [row for row in judged if all(local_day(settings, force, row["as_at"]) > last for force in zone)]
    if not after:
        return None
    run = max(after, key=lambda row: row["run_number"])
    figures, commitments = signings.month_said(conn, month, run["run_id"])
    counted = Counter(row["verdict"] for row in commitments if row["force"] != ALL and not row["area"])
    return Closing(
        f"{month:%Y-%m}",
        run["run_id"],
        f"{run['as_at']:%Y-%m-%d %H:%M} UTC",
        figures_hash(figures, commitments),
        len(figures),
        tuple(map(str, missing_nights(delivered, month))),
        {verdict: counted[verdict] for verdict in SHOWN if counted[verdict]},
    )


def decide(
    settings: Settings, closing: Closing, by: str, decision: str, note: str, via: str, at: datetime
) -> tuple[Row, bool]:
    """Record that a registrar signed, or refused; returns the row, and whether it is new.

    Raises UsageError for one who may not sign, and when the figures are not those the registrar was shown.
    """
    engine, month = open_store(settings.store, create=False), closing.first_day
    with engine.begin() as conn:
        answered = signings.answered_by(conn, month, last_day("month", month))
        refuse_signer(by, registrars(settings.registrars), answered)
        if figures_hash(*signings.month_said(conn, month, closing.run_id)) != closing.figures_hash:
            expected = f"the hash {closing.figures_hash}"
            do = "Run `pledge verify`: what a run left cannot change."
            raise UsageError(f"month {closing.month}", "its figures are not those shown", expected, do)
        row = {
            "month": month,
            "signed_at": at,
            "run_id": closing.run_id,
            "figures_hash": closing.figures_hash,
            "decision": decision,
            "signed_by": by.strip(),
            "provisional": bool(closing.missing),
            "missing_nights": "; ".join(closing.missing),
            "note": checked_text(note, ""),
            "via": via,
        }
        return signings.add(conn, row)


def publish(settings: Settings, month: date, say: Say) -> list[str]:
    """Bring the site for outside, and the one inside, up to date; returns what was made.

    The month's figures as they may leave the house are written as a table, too.
    """
    made = _table(settings, month, say)
    for published in (True, False):
        target = folder(settings, published=published)
        built = report(settings, target, published=published)
        say(told(target, built))
        made.append(str(target / "index.html"))
    return made


def _table(settings: Settings, month: date, say: Say) -> list[str]:
    below = published_folder(settings, settings.lake) / f"{month:%Y-%m}"
    below.mkdir(parents=True, exist_ok=True)
    target, unfinished = below / "verdicts.csv", below / ".verdicts.csv.part"
    asked = {"period": "month", "from": month, "to": month}
    with reading(open_store(settings.store, create=False)) as conn, unfinished.open("w", encoding="utf-8") as file:
        rows = published_verdicts(conn, settings, asked, None, SUPPRESSED)
        write_csv(file, rows, published_columns())
    unfinished.replace(target)
    say(f"published: {target}")
    return [str(target)]


def differing_signings(conn: Connection) -> Iterator[Broken]:
    """Signatures under figures that are not those their run left."""
    for row in signings.every(conn):
        found = figures_hash(*signings.month_said(conn, row["month"], row["run_id"]))
        if found != row["figures_hash"]:
            where = f"signings {row['month']:%Y-%m} of run {row['run_id']}"
            yield Broken(where, f"the figures' hash is {found}", row["figures_hash"])

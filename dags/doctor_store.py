"""What `pledge doctor` asks the store: revision, rights, clock, the chain, the nights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text

from checks.chain import sha256
from connectors.settings import Settings
from connectors.signing import is_signed, sign, signing_key
from connectors.store import members, roles
from connectors.store.engine import looking
from connectors.store.migrations import HEAD, current_revision
from connectors.store.tables import announcements, runs
from dags.doctor import OK, WARN, WRONG, Line, Patient
from dags.doctor_machine import OTHERS, skew_line
from dags.plan import NO_RUN_TAKES
from dags.sealing import head, head_path, key_path, manifest_of

A_NIGHT = timedelta(hours=26)


def _store(patient: Patient) -> Iterator[Line]:
    settings = patient.settings
    if settings.store.startswith("sqlite:///") and not Path(settings.store.removeprefix("sqlite:///")).exists():
        yield Line(WARN, "store", "there is no store yet", "Nothing: the first run makes it.")
        return
    with looking(settings.store) as conn:
        yield Line(OK, "store", f"{conn.dialect.name} answers")
        found = current_revision(conn)
        yield _revision(found)
        yield from _rights(conn, settings) if conn.dialect.name == "postgresql" else _mode(settings)
        if found == HEAD:
            yield from _chain(conn, settings)
            yield from _nights(conn, patient.now)


def _revision(found: str) -> Line:
    if found == HEAD:
        return Line(OK, "store", f"its tables are up to date (revision {HEAD})")
    if found > HEAD:
        mend = f"Update the product: this version knows {HEAD}."
        return Line(WRONG, "store", f"its tables are of a newer version (revision {found})", mend)
    mend = "Say `pledge database upgrade`; on PostgreSQL their owner does."
    return Line(WRONG, "store", f"its tables are of revision {found or 'none'}, not {HEAD}", mend)


def _rights(conn: Connection, settings: Settings) -> Iterator[Line]:
    asked = datetime.now(UTC)
    theirs = conn.execute(text("SELECT clock_timestamp()")).scalar_one()
    yield skew_line(abs((theirs - asked).total_seconds()), "the database")
    major = int(conn.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    if major < roles.OLDEST_SERVER:
        mend = "Update it: views would not ask with the rights of who reads them."
        yield Line(WRONG, "store", f"PostgreSQL {major}, older than {roles.OLDEST_SERVER}", mend)
    login, held, lifts = members.rights_of(conn)
    if not roles.is_laid_out(conn):
        found = "no roles are laid out: whoever gets in sees every force"
        yield Line(WARN, "permissions", found, "Let the owner say `pledge database roles`; see README.")
    if lifts:
        found = f"{login} owns the tables (or is a superuser): it could lift what keeps them append-only"
        yield Line(WARN, "permissions", found, "Run nights as a member of pledge_writer: `pledge database grant`.")
    elif roles.WRITER in held:
        yield Line(OK, "permissions", f"{login} is a member of {roles.WRITER}")
    else:
        found = f"{login} may not write ({', '.join(held) or 'a member of no role'}): no night can run"
        yield Line(WRONG, "permissions", found, "Let the owner say `pledge database grant LOGIN --role writer`.")


def _mode(settings: Settings) -> Iterator[Line]:
    path = Path(settings.store.removeprefix("sqlite:///"))
    mode = path.stat().st_mode & 0o777
    if mode & OTHERS and path.parent.stat().st_mode & OTHERS:
        found = f"{path} can be read by others (mode {mode:o}), and it holds open cases"
        yield Line(WARN, "permissions", found, f"Say `chmod 700 {path.parent}`.")
    else:
        yield Line(OK, "permissions", f"{path} is its owner's alone")


def _chain(conn: Connection, settings: Settings) -> Iterator[Line]:
    """The newest seal and the file of heads; `pledge verify` looks at all the others."""
    rows = [dict(row) for row in conn.execute(select(runs).order_by(runs.c.run_number)).mappings()]
    last = head(rows)
    if last is None:
        yield Line(WARN, "chain", "no run is sealed yet", "Nothing: the first night is.")
        return
    if sha256(last["manifest"].encode()) != last["hash"] or not is_signed(
        last["public_key"], last["signature"], last["hash"]
    ):
        yield Line(WRONG, "chain", f"the seal of run {last['run_id']} does not hold", "Say `pledge verify`.")
        return
    yield _heads(last, head_path(settings))
    key = key_path(settings)
    if key.exists() and sign(signing_key(key)[0], last["hash"])[1] != last["public_key"]:
        found = f"run {last['run_id']} was signed by another key than {key}"
        yield Line(WARN, "chain", found, "Restore the key, unless it was changed on purpose and is told of elsewhere.")


def _heads(last: dict[str, Any], path: Path) -> Line:
    said = f"{manifest_of(last)['position']} {last['run_id']} {last['hash']}"
    try:
        told = path.read_text("utf-8").splitlines()
    except OSError as error:
        mend = "Restore it, or let the next run write it: until then runs could be taken away unseen."
        return Line(WRONG, "chain", f"the file of heads {path} cannot be read ({error.strerror})", mend)
    if not told or told[-1] != said:
        mend = "Say `pledge verify`: runs were taken away, or another store's heads are in the file."
        return Line(WRONG, "chain", f"the last head in {path} is not that of run {last['run_id']}", mend)
    return Line(OK, "chain", f"run {last['run_id']} is sealed, and its head is in {path}")


def _nights(conn: Connection, now: datetime) -> Iterator[Line]:
    rows = conn.execute(select(runs).order_by(runs.c.run_number)).mappings().all()
    for row in rows:
        if row["status"] == "running":
            yield _running(row["run_id"], now - row["started_at"])
    yield from _last_night([row for row in rows if row["status"] != "running"], now)
    unsaid = conn.scalar(select(func.count()).where(announcements.c.state == "failed"))
    if unsaid:
        mend = "See `last_error` in the table announcements; the next run says them when Slack takes them."
        yield Line(WARN, "nights", f"{unsaid} announcements are unsaid", mend)


def _running(run_id: str, since: timedelta) -> Line:
    found = f"run {run_id} has been running for {since.total_seconds() / 3600:.1f} hours"
    if since < NO_RUN_TAKES:
        return Line(WARN, "nights", found, "Nothing, if it is at work; if it was killed, run again: that mends all.")
    return Line(WRONG, "nights", f"{found}: it was killed", "Run again: the next run closes it as failed.")


def _last_night(ended: Sequence[Any], now: datetime) -> Iterator[Line]:
    done = [row for row in ended if row["status"] == "done"]
    if not done:
        yield Line(WARN, "nights", "no run has ended yet", "Run one: `pledge run`.")
        return
    if ended[-1]["status"] == "failed":
        found = f"the newest run, {ended[-1]['run_id']}, failed"
        yield Line(WRONG, "nights", found, "Look at its log, mend what it says, run again.")
    age = now - done[-1]["finished_at"]
    told = f"the last run that was done, {done[-1]['run_id']}, ended {age.total_seconds() / 3600:.1f} hours ago"
    if age > A_NIGHT:
        yield Line(WRONG, "nights", told, "Last night's run is missing: look at the scheduler.")
    else:
        yield Line(OK, "nights", told)


CHECKS = (("store", _store),)

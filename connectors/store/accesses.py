"""The access log (DPA 2018, s. 62): who read or exported cases, when, by which command and filters, how many rows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert

from connectors.store.tables import accesses


def known_as(conn: Connection, who: str) -> str:
    """Who is reading, with the login in brackets where the database knows one: nobody can choose that."""
    return f"{who} ({conn.scalar(func.current_user())})" if conn.dialect.name == "postgresql" else who


def add_access(
    conn: Connection, *, at: datetime, by: str, command: str, filters: Sequence[str], rows: int, form: str
) -> None:
    """Record one reading; of the filters only their names, because a value may itself be personal."""
    conn.execute(
        insert(accesses),
        [
            {
                "access_id": uuid.uuid4().hex,
                "accessed_at": at,
                "accessed_by": by,
                "command": command,
                "filters": ", ".join(sorted(filters)),
                "row_count": rows,
                "form": form,
            }
        ],
    )

"""The tables carry the names and keys the specification promises to whoever reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.store.tables import metadata

SPECIFICATION = Path(__file__).parents[4] / "shared" / "spec" / "outputs.md"


def promised() -> dict[str, dict[str, bool]]:
    """Table → column → is it a key, as the specification's table of tables lists them."""
    section = SPECIFICATION.read_text("utf-8").split("## Tables in the store")[1].split("\n## ")[0]
    tables = {}
    for name, listed in re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE):
        bare = re.sub(r" *\([^)]*\)", "", listed.split(". ")[0].split(" — ")[0])
        bare = bare.replace(" are computed from the counts", "")
        words = re.findall(r"(\w+)(\*?)(?=,|;|$)", bare.strip())
        tables[name] = {column: star == "*" for column, star in words}
    return tables


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the shared specification is not beside the repository")
def test_every_promised_table_column_and_key_is_there() -> None:
    tables = promised()
    assert set(tables) <= set(metadata.tables)
    assert sum(map(len, tables.values())) > 120, "the specification was read"
    for name, columns in tables.items():
        table = metadata.tables[name]
        assert set(columns) <= set(table.c.keys()), name
        assert {c for c, is_key in columns.items() if is_key} == set(table.primary_key.columns.keys()), name

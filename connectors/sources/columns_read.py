"""Which delivered columns a select reads: the others (names, numbers, addresses) are not even loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

# Where one of these occurs, columns are read without being named.
_UNNAMED = {"STAR", "POSITIONAL_REFERENCE", "NATURAL", "query", "query_table"}


def columns_read(sql: str) -> set[str] | None:
    """Names the select mentions, in lower case (a superset of the columns it reads); None = possibly every column."""
    with duckdb.connect() as con:
        tree = json.loads(con.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()[0][0])
    if tree["error"]:
        return None
    nodes = list(_nodes(tree["statements"]))
    tables = {"raw", *(node.get("alias", "") for node in nodes if node.get("type") == "BASE_TABLE")}
    if any(_reads_unnamed(node, tables) for node in nodes):
        return None
    texts = [
        text for node in nodes for value in node.values() for text in (value if isinstance(value, list) else [value])
    ]
    return {text.casefold() for text in texts if isinstance(text, str)}


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


def _reads_unnamed(node: dict[str, Any], tables: set[str]) -> bool:
    """Whether a node reads columns without naming them; a table's name used as a value is its whole row."""
    names = node.get("column_names")
    kinds = {node.get("class"), node.get("type"), node.get("ref_type"), node.get("function_name")}
    return bool(kinds & _UNNAMED) or (isinstance(names, list) and len(names) == 1 and names[0] in tables)

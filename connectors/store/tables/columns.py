"""The columns that the tables share, and what holds all tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, MetaData, Text

from connectors.store.number import BigInteger

metadata = MetaData()


def key(name: str) -> Column[Any]:
    return Column(name, Text, primary_key=True, server_default="")


def text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False, server_default="")


def count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default="0")


def run(name: str = "run_id", *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, ForeignKey("runs.run_id"), primary_key=key, nullable=nullable)


def one_of(table: str, column: str, values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}")

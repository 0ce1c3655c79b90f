"""Reference data on forces: what a force is called, where it is and which clock it lives by; replaceable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from checks.errors import UsageError
from connectors.yaml_text import parsed

SHIPPED = Path(__file__).with_suffix(".yaml")
DEFAULT_ZONE = "Europe/London"


@dataclass(frozen=True)
class Force:
    """One force; `most_similar` are the slugs of its most similar forces, empty where nobody has stated them.

    A group is somebody's word on a day: `similar_source` and `similar_date` go with it.
    """

    slug: str
    name: str
    nation: str
    zone: str
    most_similar: tuple[str, ...] = ()
    similar_source: str = ""
    similar_date: date | None = None


def load(path: Path | None = None) -> dict[str, Force]:
    """Read the reference file (the shipped one by default); raises UsageError when it cannot be used."""
    path = path or SHIPPED
    try:
        content = parsed(path.read_text("utf-8"))
        zone = content.get("zone", DEFAULT_ZONE)
        return {slug: _force(slug, entry, zone) for slug, entry in content["forces"].items()}
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, "it cannot be read") from error
    # Before KeyError, which a zone that is not found is too.
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _refusal(path, f"a zone in it is no time zone ({error.args[0] if error.args else ''})") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise _refusal(path, "it is not reference data on forces") from error


def _refusal(path: Path, found: str) -> UsageError:
    expected = "a file like connectors/sources/forces.yaml"
    return UsageError(str(path), found, expected, "Correct it or unset PLEDGE_FORCES.")


def _force(slug: str, entry: dict[str, object], zone: str) -> Force:
    own = str(entry.get("zone", zone))
    ZoneInfo(own)
    return Force(
        slug, str(entry["name"]), str(entry.get("nation", "")), own, *_similar(slug, entry.get("most_similar"))
    )


def _similar(slug: str, group: object) -> tuple[tuple[str, ...], str, date | None]:
    """The group's slugs, source and date; raises UsageError for a group that is not sourced and dated."""
    if group is None:
        return (), "", None
    where, do = f"most_similar of {slug}", "Correct it, or leave the group out."
    expected = "{forces: [slugs], source: whose word it is, date: YYYY-MM-DD}"
    if not isinstance(group, dict):
        raise UsageError(where, "it is no group", expected, do)
    named, source, on = group.get("forces"), group.get("source"), group.get("date")
    if not isinstance(named, list) or not named or not all(isinstance(each, str) for each in named) or slug in named:
        raise UsageError(where, "its forces are no list of other forces", expected, do)
    if not isinstance(source, str) or not source.strip() or not isinstance(on, date):
        raise UsageError(where, "it has no source or no date", expected, do)
    return tuple(dict.fromkeys(named)), source, on


def zone_of(forces: dict[str, Force], slug: str) -> str:
    """The time zone whose days and months a force's figures are counted in."""
    return forces[slug].zone if slug in forces else DEFAULT_ZONE

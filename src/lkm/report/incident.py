"""What failed, with all that explains it, as one JSON file that can be read on another machine, or later.

Its form is ``lkm-incident-1.schema.json`` beside this file; docs/json.md tells what the parts mean.
"""

from __future__ import annotations

import json

from lkm.diagnose.evidence import Evidence
from lkm.errors import FormatError
from lkm.record import Record
from lkm.report import records
from lkm.report.records import NOUNS, from_object, to_object

SCHEMA = "lkm-incident/1"


class Failure(Record):
    """One failed request: ``request`` is what was asked for, ``said`` the line that told of the failure.

    ``sha256`` is that of the module file ("": there is none, or it cannot be read). ``evidence`` is as
    :func:`lkm.diagnose.saved.examined` leaves it.
    """

    request: str
    said: str
    evidence: Evidence
    sha256: str = ""


class Incident(Record):
    """What one call of a tool has met. ``arguments`` are its own, ``when`` seconds since 1970 in UTC.

    ``lkm`` and ``python`` are versions; ``system`` tells the kernel as uname does, or that it is a simulated one.
    """

    tool: str
    arguments: tuple[str, ...]
    lkm: str
    python: str
    system: str
    when: int
    failures: tuple[Failure, ...]
    schema: str = SCHEMA


NOUNS["Failure"], NOUNS["Incident"] = Failure, Incident


def text_of(incident: Incident) -> str:
    """Return the file's text."""
    return json.dumps(to_object(incident), indent=1, sort_keys=True) + "\n"


def parse(text: str, where: str) -> Incident:
    """Return the incident of a file's text. Raises FormatError: what is wrong, and in which file."""
    hint = "--incident FILE of insmod, rmmod, modprobe, load and unload writes such files"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is no incident: it is not JSON ({error})", where, hint=hint) from None
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        raise FormatError(f"this is no incident of the form {SCHEMA}: its schema is {schema!r}", where, hint=hint)
    try:
        found: Incident = from_object("Incident", value)
    except FormatError as error:
        raise FormatError(f"this incident is damaged: {error.what}", where, hint=hint) from None
    return found


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the file, made from the nouns."""
    known: dict[str, object] = {}
    records.schema("Incident", known)
    incident = known.pop("Incident")
    assert isinstance(incident, dict)
    incident["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "What --incident writes when a module is not loaded or removed",
        "description": "docs/json.md tells what the parts mean.",
        **incident,
        "required": [*incident["required"], "schema"],
        "$defs": dict(sorted(known.items())),
    }

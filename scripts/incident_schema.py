"""Writes the JSON Schema of incidents, which is made from the nouns: ``python scripts/incident_schema.py``."""

import json
from pathlib import Path

from lkm.report import incident

if __name__ == "__main__":
    path = Path(incident.__file__).with_name("lkm-incident-1.schema.json")
    path.write_text(json.dumps(incident.json_schema(), indent=1) + "\n")
    print(path)

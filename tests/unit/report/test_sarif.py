from __future__ import annotations

import json

from lkm.report.sarif import Row, log_of


def test_results_and_rules() -> None:
    log = json.loads(
        log_of([Row("b", "error", "x", "f"), Row("a", "note", "y", "g", 3, 5), Row("a", "note", "z", "g", 3)])
    )
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["rules"]) == ("2.1.0", [{"id": "a"}, {"id": "b"}])
    assert [(r["ruleId"], r["ruleIndex"], r["level"]) for r in run["results"]] == [
        *(("b", 1, "error"), ("a", 0, "note"), ("a", 0, "note")),
    ]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert [place.get("region") for place in places] == [None, {"startLine": 3, "startColumn": 5}, {"startLine": 3}]

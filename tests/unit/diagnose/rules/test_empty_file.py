from __future__ import annotations

from lkm.diagnose.rules.empty_file import find
from tests.support.sick import case


def test_no_bytes() -> None:
    (finding,) = find(case(b""))
    assert (finding.what, finding.errno, finding.certainty) == ("the file is empty", "EINVAL", "certain")


def test_some_bytes() -> None:
    assert list(find(case(b"x"))) == []

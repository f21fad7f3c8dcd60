from __future__ import annotations

from lkm.diagnose.rules.not_a_module import find
from tests.support.elfwriter import build_module
from tests.support.sick import case


def test_a_plain_object() -> None:
    data = build_module().replace(b".gnu.linkonce.this_module", b".gnu.linkonce.that_module")
    (finding,) = find(case(data))
    assert finding.what.startswith("an object file of a module, or of a driver that is built in")
    (finding,) = find(case(data.replace(b".modinfo", b".mod1nfo")))
    assert finding.what == "an object file, but not of a kernel module"


def test_a_module_and_others() -> None:
    assert (
        list(find(case(build_module()))) == list(find(case(b"text"))) == list(find(case(build_module()[:99]))) == []
    )

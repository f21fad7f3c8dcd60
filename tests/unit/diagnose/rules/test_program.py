from __future__ import annotations

from lkm.diagnose.rules.program import find
from tests.support.elfwriter import build_module
from tests.support.sick import case


def test_a_program_and_a_library() -> None:
    with open("/bin/true", "rb") as file:
        (finding,) = find(case(file.read()))
    assert finding.what == "the file is a program or a shared library, not a kernel module"
    executable = build_module()[:16] + b"\2" + build_module()[17:]
    assert [f.what for f in find(case(executable))] == ["the file is a program, not a kernel module"]


def test_modules_and_other_files() -> None:
    assert list(find(case(build_module()))) == list(find(case(b"text"))) == []

from __future__ import annotations

import pytest

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, ModuleFile
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case

FILE = ModuleFile("m.ko", 1)


@pytest.mark.parametrize(
    ("attempt", "file", "what"),
    [
        (
            Attempt("finit_module", "EBADF"),
            None,
            "finit_module was called wrongly: it was given no file that is open for reading",
        ),
        (
            Attempt("finit_module", "ETXTBSY"),
            FILE,
            "finit_module was called wrongly: it was given a file that is open for writing",
        ),
        (
            Attempt("init_module", "EFAULT"),
            FILE,
            "init_module was called wrongly: it was given an address where no module is",
        ),
        (
            Attempt("finit_module", "EINVAL", flags=0x83),
            FILE,
            "finit_module was called wrongly: it was given flags that no kernel of these days knows: 0x80",
        ),
        (
            Attempt("finit_module", "EINVAL", complete=True),
            None,
            "finit_module was called wrongly: it was given a directory, a pipe or a device",
        ),
    ],
)
def test_each_answer(attempt: Attempt, file: ModuleFile | None, what: str) -> None:
    (finding, *_) = diagnose(Evidence(file, attempt=attempt, name="m"))
    assert (finding.code, finding.what, finding.errno) == ("bad-call", what, attempt.errno)


def test_the_module_was_looked_at() -> None:
    module = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
    assert "bad-call" not in [f.code for f in diagnose(case(module, errno="EINVAL"))]

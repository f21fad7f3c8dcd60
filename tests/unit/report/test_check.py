from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Finding
from lkm.report.check import LOADS, REFUSED, CheckResult, text_of

CRC = Finding("crc-mismatch", "it was built against another version of a", CERTAIN, "EINVAL")
MAGIC = Finding("other-kernel", "it was built with preempt; this kernel was not", CERTAIN, "ENOEXEC")
NOTE = Finding("no-firmware", "it asks for x.bin, which is not there", CERTAIN)


def test_of_many_each_cause_is_told_with_its_number() -> None:
    results = [CheckResult(f"m{n:02}", f"/m{n:02}.ko", REFUSED, "ENOEXEC", (), (CRC, MAGIC)) for n in range(11)]
    results.append(CheckResult("fine", "/fine.ko", LOADS, "", (), (NOTE,)))
    assert text_of(results, "6.1", named=False) == (
        "11 modules would be refused (ENOEXEC) [crc-mismatch]: m00, m01, m02, m03, m04 and 6 more\n"
        "  11: it was built against another version of a\n"
        "11 modules would be kept out by this too [other-kernel]: m00, m01, m02, m03, m04 and 6 more\n"
        "  11: it was built with preempt; this kernel was not\n"
        "1 module with a note [no-firmware]: fine\n"
        "  1: it asks for x.bin, which is not there\n"
        "12 modules for 6.1: 1 would load, 11 would be refused\n"
    )

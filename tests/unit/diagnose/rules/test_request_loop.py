from __future__ import annotations

import pytest

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence


@pytest.mark.parametrize(
    ("line", "what", "command"),
    [
        (
            "request_module: runaway loop modprobe binfmt-464c",
            "the kernel's requests for binfmt-464c run in a circle",
            "lkm modprobe --show-alias binfmt-464c",
        ),
        ("kmod: runaway modprobe loop assumed and stopped", "the kernel's requests run in a circle", ""),
        (
            "request_module: kmod_concurrent_max (50) close to 0 (max_modprobes: 50), for module fs-x, throttling...",
            "too many of the kernel's requests for fs-x run at once",
            "lkm modprobe --show-alias fs-x",
        ),
        (
            "request_module: modprobe net-pf-9 cannot be processed, kmod busy with 50 threads for more than",
            "too many of the kernel's requests for net-pf-9 run at once",
            "lkm modprobe --show-alias net-pf-9",
        ),
    ],
)
def test_each_line(line: str, what: str, command: str) -> None:
    for call in ("", "lookup", "command"):
        found = [f for f in diagnose(Evidence(attempt=Attempt(call, log=(line,)))) if f.code == "request-loop"]
        assert [(f.what, f.errno, f.remedies[1].command) for f in found] == [(what, "", command)]


def test_a_quiet_log() -> None:
    assert diagnose(Evidence(attempt=Attempt(log=("modprobe was here",)))) == ()

"""Work in shares writes what one process writes, in its order, messages included."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from lkm.system import shares
shares.os.cpu_count = lambda: {cpus}
if {no_fork}:
    def fork():
        raise OSError
    shares.os.fork = fork

def work(operand):
    if operand == "{dies}" and shares.os.getpid() != PARENT:
        shares.os._exit(3)
    sys.stdout.buffer.write(operand.encode() + b" out\\n")
    if operand in {bad}:
        sys.stdout.flush()
        sys.stderr.write(operand + " is bad\\n")
        return 1
    if operand in {odd}:
        sys.stdout.flush()
        sys.stderr.write(operand + " is odd\\n")
    return 0

PARENT = shares.os.getpid()
status = shares.in_shares([str(i) for i in range({count})], work, 10)
sys.stdout.flush()
sys.exit(status)
"""


@pytest.mark.parametrize("cpus", [1, 2, 4])
@pytest.mark.parametrize("no_fork", [False, True])
@pytest.mark.parametrize(
    ("bad", "odd", "dies"),
    [((), (), ""), (("0",), (), ""), (("30", "99"), ("31", "70"), ""), ((), (), "60"), (("55",), (), "56")],
)
def test_as_one_process(cpus: int, no_fork: bool, bad: tuple[str, ...], odd: tuple[str, ...], dies: str) -> None:
    script = SCRIPT.format(cpus=cpus, no_fork=no_fork, bad=bad, odd=odd, dies=dies, count=100)
    ran = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expected = []
    for word in map(str, range(100)):
        expected.append(f"{word} out")
        expected += [f"{word} is bad"] if word in bad else [f"{word} is odd"] if word in odd else []
    assert ran.stdout.splitlines() == expected
    assert ran.returncode == (1 if bad else 0)


def test_one_operand() -> None:
    script = SCRIPT.format(cpus=4, no_fork=False, bad=("0",), odd=(), dies="", count=1)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "0 out\n", "0 is bad\n")

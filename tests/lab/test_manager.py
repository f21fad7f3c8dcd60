"""A program that uses the Python API, in a real kernel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import kernels

pytestmark = pytest.mark.lab

GUEST = Path(__file__).with_name("manager_guest.py")
SAID = """\
resolve | ('msdos',) | ('fat', 'msdos') | []
load | ('fat', 'msdos') | True | ['msdos'] | True | ['msdos', 'fat']
modules | True | ['msdos', 'fat']
busy | in-use | [('msdos',)] | ['msdos', 'fat']
unload | ('msdos', 'fat') | []
init | no-device | ['i2c_core'] | []
left | True | []
parameters | True | 3 | ['loop']
held | in-use | [True] | ['loop']
thread | ('loop',) | []
wrong | parameters | bad-parameter | loop was not loaded: a parameter does not take the value | []
explain | ['bad-parameter'] | []
"""


def test_a_program_does_what_the_tools_do() -> None:
    result = kernels.uml(sys.executable, str(GUEST))
    assert result.stdout.decode() == SAID, result.stderr.decode()

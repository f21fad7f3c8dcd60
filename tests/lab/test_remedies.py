"""Each command that a finding advises is tried in the sick situation, on a real kernel, or marked as not testable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm import lab
from lkm.diagnose.engine import RULES
from lkm.diagnose.finding import Remedy
from tests.contract.modules import swapped
from tests.contract.test_rows import directory_of, facts_of
from tests.lab.test_users import fat_image
from tests.support.kernels import LKM
from tests.support.remedies import DEBIAN, ENFORCED, FILES, HOST, LOCKED, TABLE, TREE, UML, Case
from tests.support.signatures import pkcs7, signed
from tests.support.trees import debian_kernel

ROOT = Path(__file__).parents[2]
GUEST = Path(__file__).with_name("remedies_guest.py")
SHA3 = bytes.fromhex("608648016503040208")
#: Lets the command run under a filter that answers EPERM to init_module(2) and finit_module(2) (x86-64: 175, 313).
FILTER = """
import ctypes, os, struct, sys
rows = [(0x20, 0, 0, 0), (0x15, 1, 0, 175), (0x15, 0, 1, 313), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
program = ctypes.create_string_buffer(struct.pack("H6xQ", len(rows), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
os.execvp(sys.argv[1], sys.argv[1:])
"""


def advised() -> dict[tuple[str, str], Remedy]:
    """Return all remedies that have a command."""
    rules = [__import__(f"lkm.diagnose.rules.{name}", fromlist=["REMEDIES"]) for name in RULES]
    return {(rule.CODE, remedy.command): remedy for rule in rules for remedy in rule.REMEDIES if remedy.command}


def test_each_command_is_tried_or_marked() -> None:
    assert set(TABLE) == set(advised())
    assert sum(isinstance(case, Case) for case in TABLE.values()) > 60


def script_of(key: tuple[str, str], case: Case, files: Path, release: str) -> dict[str, str]:
    """Return a case with its command as it is told, and places filled in."""
    command = advised()[key]._replace(text="").filled(**case.words).command
    assert command
    texts = {"setup": case.setup, "sick": case.sick, "healthy": case.healthy, "by": case.by, "command": command}
    tree = f"/lib/modules/{release}"
    places = {FILES: str(files), TREE: tree, "@RELEASE@": release}
    for name, text in texts.items():
        for mark, place in places.items():
            text = text.replace(mark, place)
        texts[name] = text
    return texts


def in_guest(kernel: str, keys: list[tuple[str, str]], tell: Callable[[str], None]) -> None:
    """Try the cases of one kernel in one boot; those that end loading come last."""
    which = "uml" if kernel == UML else "debian"
    files, release = directory_of(which), facts_of(which).release
    (files / "disk").write_bytes(fat_image())
    (files / "filter.py").write_text(FILTER)
    (files / "sha3.ko").write_bytes(signed((files / "unsigned.ko").read_bytes(), pkcs7(digest=SHA3)))
    if kernel == UML:
        main = (files / "gt_main.ko").read_bytes()
        (files / "hidden.ko").write_bytes(swapped(main, b"param_ops_ushort\0", b"do_send_sig_info\0"))
    keys.sort(key=lambda key: key[0] == "modules-disabled")
    asked = files / "remedies.json"
    cases = {key: case for key in keys if isinstance(case := TABLE[key], Case)}
    asked.write_text(json.dumps([script_of(key, case, files, release) for key, case in cases.items()]))
    path = f"{Path(LKM).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    command = ["env", f"PYTHONPATH={ROOT}", f"PATH={path}", sys.executable, str(GUEST), str(asked)]
    image = which if which == "uml" else debian_kernel()
    append = "" if kernel in (UML, DEBIAN) else kernel
    result = lab.run([*command, f"/lib/modules/{release}"], image, timeout=500, append=append)
    lines = result.stdout.splitlines()
    assert len(lines) == len(cases), (result.end, result.stderr[-2000:], result.log[-2000:])
    wrong = [said for (key, case), line in zip(cases.items(), lines, strict=True) if (said := judge(key, case, line))]
    tell("\n".join([f"{len(cases)} remedies on {which} {append}: {len(wrong)} of no use", *wrong]))
    assert wrong == []


def judge(key: tuple[str, str], case: Case, line: bytes) -> str:
    """Return what is wrong with what came of a case, "" for nothing."""
    setup, sick, status, out, healthy = json.loads(line)
    if case.sick and sick == 0:
        return f"{key}: it was not sick: setup {setup}"
    if status != case.status or case.says not in out:
        return f"{key}: status {status}, said {out[-300:]!r}; setup {setup}"
    if case.healthy and healthy[0] != 0:
        return f"{key}: it is still sick: {healthy}; the command said {out[-300:]!r}"
    return ""


def keys_of(kernel: str) -> list[tuple[str, str]]:
    return [key for key, case in TABLE.items() if isinstance(case, Case) and case.kernel == kernel]


@pytest.mark.lab
@pytest.mark.parametrize(("kernel", "step"), [(UML, 6), (DEBIAN, 4)])
def test_some_in_a_real_kernel(kernel: str, step: int, tell: Callable[[str], None]) -> None:
    in_guest(kernel, keys_of(kernel)[::step], tell)


@pytest.mark.lab
@pytest.mark.sweep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kernel", [UML, DEBIAN, ENFORCED, LOCKED])
def test_all_in_a_real_kernel(kernel: str, tell: Callable[[str], None]) -> None:
    in_guest(kernel, keys_of(kernel), tell)


@pytest.mark.lab
def test_on_this_machine(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(LKM).parent}:{os.environ['PATH']}"}
    for key in keys_of(HOST):
        case = TABLE[key]
        assert isinstance(case, Case)
        command = advised()[key]._replace(text="").filled(**case.words).command
        script = f"{command} && {case.healthy or 'true'}"
        done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (key, done.stdout, done.stderr)

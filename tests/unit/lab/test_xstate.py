"""The preloaded ptrace, tried on real processes: it must behave as libc's for all but the one request."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from lkm.lab import xstate

PROBE = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
word = ctypes.c_long(0x1122334455667788)
address = ctypes.addressof(word)  # the child has it at the same address
pid = os.fork()
if pid == 0:
    libc.ptrace(0, 0, None, None)  # PTRACE_TRACEME
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(7)
os.waitpid(pid, 0)
print(hex(libc.ptrace(2, pid, address, None)))
print(libc.ptrace(5, pid, address, 0x42), libc.ptrace(2, pid, address, None))
print(libc.ptrace(2, pid, None, None), ctypes.get_errno())
buffer = ctypes.create_string_buffer(2696)
print(libc.ptrace(0x4204, pid, 0x202, ctypes.byref(Iovec(ctypes.addressof(buffer), 2696))))
buffer[0:2] = b"\\x7f\\x02"  # another x87 control word
buffer[512] = buffer.raw[512] | 1  # XSTATE_BV: the x87 part is there
print(libc.ptrace(0x4205, pid, 0x202, ctypes.byref(Iovec(ctypes.addressof(buffer), 2696))), ctypes.get_errno())
again = ctypes.create_string_buffer(2696)
libc.ptrace(0x4204, pid, 0x202, ctypes.byref(Iovec(ctypes.addressof(again), 2696)))
print(again.raw[:2].hex(), again.raw[576:] == buffer.raw[576:])
libc.ptrace(7, pid, None, None)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_behaves_as_libcs_ptrace_and_writes_a_short_register_state(tmp_path: Path) -> None:
    shim = tmp_path / "ptrace.so"
    shim.write_bytes(xstate.preload())
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["0x1122334455667788", "0 66", "-1 5", "0", "0 5", "7f02 True", "7"], (
        done.stderr
    )


def test_tells_whether_it_is_needed() -> None:
    """Without the shim, writing back a short state works just where ``too_large_for_uml`` says no."""

    class Iovec(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    child = subprocess.Popen(["sleep", "30"])
    try:
        assert libc.ptrace(16, child.pid, None, None) == 0  # PTRACE_ATTACH
        os.waitpid(child.pid, os.WUNTRACED)
        buffer = ctypes.create_string_buffer(2696)
        iovec = Iovec(ctypes.addressof(buffer), 2696)
        assert libc.ptrace(0x4204, child.pid, 0x202, ctypes.byref(iovec)) == 0
        refused = libc.ptrace(0x4205, child.pid, 0x202, ctypes.byref(iovec)) != 0
        assert refused == xstate.too_large_for_uml()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()

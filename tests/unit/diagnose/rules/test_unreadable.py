from __future__ import annotations

import pytest

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence, ModuleFile


@pytest.mark.parametrize(
    ("path", "errno", "what", "command"),
    [
        ("/a b/m.ko", "ENOENT", "there is no file /a b/m.ko", "ls -la '/a b'"),
        ("msdos", "ENOENT", "there is no file msdos", "lkm modprobe msdos"),
        ("m.ko", "ENOENT", "there is no file m.ko", "ls -la ."),
        ("/m.ko", "EACCES", "/m.ko may not be read by who asks", "ls -la /m.ko"),
        ("/m.ko", "EIO", "/m.ko cannot be read from the disk", "dmesg --level=emerg,alert,crit,err"),
        ("/d", "EISDIR", "/d is a directory, not a module file", ""),
        ("/m.ko", "EMFILE", "/m.ko cannot be read", "ls -la /"),
    ],
)
def test_each_error(path: str, errno: str, what: str, command: str) -> None:
    (finding,) = diagnose(Evidence(ModuleFile(path), attempt=Attempt("open", errno), name="msdos"))
    assert (finding.code, finding.what, finding.errno) == ("unreadable", what, errno)
    assert finding.remedies[0].command == command


def test_a_file_that_was_read() -> None:
    assert diagnose(Evidence(ModuleFile("/m.ko", 1), attempt=Attempt("read"), name="m")) == ()

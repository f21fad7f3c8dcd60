from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import Attempt, Evidence
from lkm.diagnose.examine import examine
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case
from tests.support.trees import compressor

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
PACKED = compressor("xz")(MODULE)


def test_it_was_given_as_it_is() -> None:
    log = ("Invalid ELF header magic: != \x7fELF",)
    (finding,) = diagnose(case(PACKED, errno="ENOEXEC", log=log))
    assert finding.what == "the file is packed (xz), and was given to the kernel as it is"
    assert finding.remedies[0].command == "lkm insmod mod.ko"


def test_the_kernel_cannot_unpack_it() -> None:
    (finding,) = diagnose(Evidence(examine("m.ko.xz", PACKED), KERNEL, attempt=Attempt("finit_module", "ENOTSUP")))
    assert finding.what == "the file is packed (xz), and this kernel cannot unpack it (CONFIG_MODULE_DECOMPRESS)"
    assert finding.errno == "ENOTSUP"


def test_damaged_data() -> None:
    for data, tool in (
        (PACKED[:-30], "xz"),
        (compressor("gz")(MODULE)[:50], "gzip"),
        (compressor("zst")(MODULE)[:50], "zstd"),
    ):
        (finding,) = diagnose(case(data))
        assert finding.code == "wrong-compression"
        assert finding.what.endswith("are damaged")
        assert finding.remedies[0].command == f"{tool} -t mod.ko"


def test_the_name_says_something_else() -> None:
    for path, data, right in (
        ("/a/mod.ko.gz", PACKED, "/a/mod.ko.xz"),
        ("/a/mod.ko", PACKED, "/a/mod.ko.xz"),
        ("/a/mod.ko.zst", MODULE, "/a/mod.ko"),
    ):
        (finding,) = diagnose(Evidence(examine(path, data), KERNEL, name="mod"))
        assert (finding.code, finding.errno) == ("wrong-compression", "")
        assert finding.remedies[0].command == f"mv {path} {right}"
    for path, data in (("mod.ko.xz", PACKED), ("mod.ko", MODULE), ("mod.old", PACKED)):
        assert diagnose(Evidence(examine(path, data), KERNEL, name="mod")) == ()

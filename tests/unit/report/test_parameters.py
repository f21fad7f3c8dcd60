from __future__ import annotations

from lkm.config.modprobe import parse
from lkm.config.nouns import Options
from lkm.modfile.kernelparam import KernelParam
from lkm.origin import Origin
from lkm.report.parameters import Known, known, parameter_lines, parameter_object

INFO = (("parm", "size:How big\nor small"), ("parmtype", "size:int"), ("parm", "own:Read by itself"))
TABLE = (KernelParam("size", "int", 0o644, default="3"), KernelParam("quiet-mode", "bool", 0, default="N"))


def configured(text: str) -> list[Options]:
    return [fact for fact in parse(text, "x.conf")[0] if isinstance(fact, Options)]


def test_all_that_is_known_comes_together() -> None:
    options = configured('options m size=4 other=1\noptions m size=5 "quiet_mode=a b"')
    rows = known(INFO, TABLE, [("size", "5"), ("late", "x")], options)
    assert rows == [
        Known("late", value="x"),
        Known("own", "", "Read by itself"),
        Known("quiet-mode", "bool", "", None, "N", 0, ("a b", Origin("x.conf", 2))),
        Known("size", "int", "How big\nor small", "5", "3", 0o644, ("5", Origin("x.conf", 2))),
    ]


def test_the_table() -> None:
    rows = known(INFO, TABLE, [("size", "5")], configured("options m size=5"))
    assert parameter_lines(rows) == [
        "  parameter   type  now  default  can be            set by",
        "  own",
        "      Read by itself",
        "  quiet-mode  bool       N        set at load only",
        "  size        int   5    3        changed           5 (x.conf:1)",
        "      How big",
        "      or small",
    ]
    assert parameter_lines([]) == []
    assert parameter_lines([Known("name", "charp", default="", mode=0o444)])[1] == '  name       charp  ""       read'


def test_the_object() -> None:
    assert parameter_object(Known("a", mode=0o200))["writable"] is True
    assert parameter_object(Known("a", mode=0o444))["writable"] is False
    assert parameter_object(Known("a"))["writable"] is None

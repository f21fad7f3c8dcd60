from __future__ import annotations

from lkm.autoload.autoclean import Opinion
from lkm.autoload.marks import Mark
from lkm.autoload.nouns import KERNEL, Request
from lkm.autoload.outlook import Outlook
from lkm.names import ModuleName
from lkm.report.why import Why, why_object, why_rows
from lkm.state.nouns import LoadedModule

FAT = LoadedModule(ModuleName("fat"), 60806, 3, (ModuleName("msdos"), ModuleName("vfat")))
MARK = Mark("fat", 7, 2.0, 3.0, "fs-msdos", KERNEL)
GOES = Outlook(Opinion("fat", "held", "msdos vfat"), 75.0, sure=True)


def test_all_that_is_known() -> None:
    why = Why(Request("fs-msdos", KERNEL, 9.0), "at 12:00", MARK, GOES, active=True, now=10.0)
    rows = [
        ("asked for", "by kernel, as fs-msdos, at 12:00"),
        ("autoclean", "modules use it: msdos vfat; it goes in 1m05s"),
    ]
    assert why_rows(FAT, why, full=False) == rows
    assert why_rows(FAT, why, full=True) == [("kept by", "modules that use it: msdos vfat; 1 other use of it"), *rows]
    found = why_object(why)
    assert found["asked"] == {"alias": "fs-msdos", "requester": "kernel", "at": 9.0, "pid": -1, "uid": -1, "comm": ""}
    assert isinstance(found["autoclean"], dict) and found["autoclean"]["goes_at"] == 75.0


def test_what_is_not_known_is_told_on_request() -> None:
    assert why_rows(FAT, Why(problems=("who asked for it: no",)), full=True)[1:] == [
        ("asked for", "nobody has put that down"),
        ("unknown", "who asked for it: no"),
    ]
    plain = LoadedModule(ModuleName("loop"), 1, -1, permanent=True)
    assert why_rows(plain, Why(Request("loop", "boot", 9.0), "now"), full=True) == [
        ("kept by", "itself: it has no exit function, and stays until the next boot"),
        ("asked for", "last by boot, as loop, now"),
        ("autoclean", "it was not loaded to be removed again"),
    ]
    assert why_object(None) == why_object(Why()) == {"asked": None, "autoclean": None}

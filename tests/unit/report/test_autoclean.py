from __future__ import annotations

from lkm.autoload.autoclean import Opinion
from lkm.autoload.marks import Lost, Mark
from lkm.origin import Origin
from lkm.report.autoclean import lost, opinion_object, table

MARK = Mark("fat", 7, 1.0, 2.0, "fs-vfat", "kernel", 0)


def test_the_table_is_as_wide_as_the_longest_name() -> None:
    shown = table([Opinion("fat", "goes", "idle"), Opinion("snd_pcm", "permanent")])
    assert shown == "fat      goes       it goes: idle\nsnd_pcm  permanent  it has no exit function\n"
    assert table([]) == ""


def test_why_a_mark_was_lost() -> None:
    assert lost(Lost(MARK, "replaced")) == "fat is marked no more: it was loaded anew"


def test_the_object_has_the_past_of_marked_modules_only() -> None:
    told = opinion_object(Opinion("fat", "never", "so", Origin("a.conf", 3)), MARK)
    assert told["origin"] == {"file": "a.conf", "line": 3}
    assert (told["request"], told["used_at"]) == ({"alias": "fs-vfat", "requester": "kernel", "uid": 0}, 2.0)
    assert opinion_object(Opinion("loop", "unmarked"), None)["request"] is None

"""Which .o files module directories of 2.4 hold."""

from __future__ import annotations

from pathlib import Path

from lkm.system.tree24 import find_objects


def test_order_links_and_pruning(tmp_path: Path) -> None:
    top = tmp_path / "lib/modules/2.4.2"
    for name in ("kernel/z.o", "kernel/fs/a.o", "misc/b.o", "build/c.o", "kernel/build/d.o", "misc/text", "e.o"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    (top / "kernel/round").symlink_to(top)
    paths = ("/lib/modules/2.4.2/misc", "/lib/modules/2.4.2", "/nowhere")
    base = "/lib/modules/2.4.2"
    found = [path.removeprefix(base) for path in find_objects(f"{tmp_path}/", paths, ("build", "e.o"))]
    assert found == ["/misc/b.o", "/kernel/build/d.o", "/kernel/fs/a.o", "/kernel/z.o"]
    assert find_objects(str(tmp_path), ()) == ()

from __future__ import annotations

from pathlib import Path

from lkm.system.firmware import missing


def test_where_the_kernel_looks(tmp_path: Path) -> None:
    base = tmp_path / "lib/firmware"
    for name in ("a", "updates/6.1/b", "updates/c", "6.1/d", "dir/e.xz", "f.zst", "many-1"):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(b"")
    names = ["a", "b", "c", "d", "dir/e", "f", "many-*", "g", "none-*"]
    assert missing(str(tmp_path), "6.1", names) == ("g", "none-*")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/g").write_bytes(b"")
    assert missing(str(tmp_path), "6.1", names, (f"{tmp_path}/own",)) == ("none-*",)


def test_a_root_without_firmware(tmp_path: Path) -> None:
    assert missing(str(tmp_path), "6.1", ["a"]) == ()

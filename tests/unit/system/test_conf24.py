"""Finding /etc/modules.conf below a root, and reading what depmod wrote."""

from __future__ import annotations

from pathlib import Path

from lkm.system.conf24 import RootFiles, newest, open_conf, read_set_file


def test_which_file_is_read(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    (etc / "modutils").mkdir(parents=True)
    root = str(tmp_path)
    assert open_conf(root, "2.4.2", {}).read == ()
    (etc / "conf.modules").write_text("alias a old\n")
    assert open_conf(root, "2.4.2", {}).read == ("/etc/conf.modules",)
    (etc / "modules.conf").write_text("alias a new\ninclude /etc/modutils/*\nif -k\nalias k x\nendif\nalias v $V\n")
    (etc / "modutils/b").write_text("alias b x\n")
    (etc / "modutils/a").write_text("alias a newer\n")
    conf = open_conf(root, "2.4.2", {"V": "value"}, by_kernel=True)
    assert conf.read == ("/etc/modules.conf", "/etc/modutils/a", "/etc/modutils/b")
    found = {name: conf.last("alias", name).words[0] for name in "abkv"}  # type: ignore[union-attr]
    assert found == {"a": "newer", "b": "x", "k": "x", "v": "value"}
    own = tmp_path / "own"
    own.write_text("alias o x\ninclude /etc/modutils/b\n")
    assert open_conf(root, "2.4.2", {}, str(own)).read == (str(own), "/etc/modutils/b")
    assert open_conf(root, "2.4.2", {"MODULECONF": str(own)}).read[0] == str(own)
    assert str(open_conf(root, "2.4.2", {}, "/none").problems[0]) == "/none: cannot be read; the defaults count"


def test_a_set_that_is_being_replaced_is_read_as_new(tmp_path: Path) -> None:
    files = RootFiles(str(tmp_path))
    assert read_set_file(files, "/modules.dep") is None
    (tmp_path / "modules.dep").write_text("old")
    (tmp_path / "modules.dep.lkm-new").write_text("new")
    assert read_set_file(files, "/modules.dep") == "old"
    stat = (tmp_path / "modules.dep").stat()
    line = f"modules.dep modules.dep.lkm-new {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}\nend"
    (tmp_path / "modules.lkm-commit").write_text(line)
    assert read_set_file(files, "/modules.dep") == "new"
    assert newest(files, ("/none",)) == ("", 0.0)
    assert newest(files, ("/none", "/modules.dep"))[0] == "/modules.dep"

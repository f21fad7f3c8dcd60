"""Finding and reading configuration files: modprobe.d, depmod.d and lkm's own, in kmod's order.

Of files with one base name the first directory's stands (/etc before /run and so on); all are then read in the order
of their base names (kmod: libkmod-config.c and depmod.c, ``conf_files_list``). Only ``*.conf`` counts in a directory,
but a file named on the command line is read whatever it is called.
"""

from __future__ import annotations

import errno
import os

from lkm.errors import MachineError
from lkm.origin import Origin, Problem
from lkm.system.files import read_text
from lkm.system.fileset import RECORD, pending

#: In order of precedence; under each there is modprobe.d and depmod.d.
DIRECTORIES = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")

#: What an administrator writes first; files of lkm/autoclean.d, in the directories above, add to it.
AUTOCLEAN = "/etc/lkm/autoclean.conf"

#: Where the rules of autoload are, under each.
POLICY = "lkm/autoload.d"

#: Where the modules to load at boot are named, under each (modules-load.d(5)).
BOOT = "modules-load.d"

#: Ends of the names of files that count in a directory (``.alias`` did too until kmod 32).
SUFFIXES = (".conf",)


def modprobe_files(
    root: str = "",
    paths: tuple[str, ...] = (),
    kernel_dir: str = "",
    problems: list[Problem] | None = None,
    more_dirs: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    """Return (path, text) of every modprobe.d file in the order of reading.

    ``root`` stands before the standard directories (kmod's ``-d`` does not move these); ``paths``, files or
    directories, are read instead of them (``-C``). ``kernel_dir`` is the directory whose modules.softdep and
    modules.weakdep take part, under these names; those of ``more_dirs``, the last first, before them. What cannot be
    read is left out, and told of in ``problems``.
    """
    chosen = _choose(root, "modprobe.d", paths, _kernels(kernel_dir) if kernel_dir else {}, problems)
    found = [(name, chosen[name]) for name in sorted(chosen, key=os.fsencode)]
    for directory in more_dirs:
        for name, path in _kernels(directory).items():
            at = [known for known, _ in found].index(name)
            found.insert(at, (name, path))
    return _read([path for _, path in found], problems)


def depmod_files(
    root: str = "", paths: tuple[str, ...] = (), problems: list[Problem] | None = None
) -> list[tuple[str, str]]:
    """Return (path, text) of every depmod.d file in the order of reading; arguments as in modprobe_files."""
    return conf_files("depmod.d", root, paths, problems)


def conf_files(
    leaf: str, root: str = "", paths: tuple[str, ...] = (), problems: list[Problem] | None = None
) -> list[tuple[str, str]]:
    """Return (path, text) of the files in a directory of this name, below the standard ones; as modprobe_files."""
    chosen = _choose(root, leaf, paths, {}, problems)
    return _read([chosen[name] for name in sorted(chosen, key=os.fsencode)], problems)


def autoclean_files(
    root: str = "", paths: tuple[str, ...] = (), problems: list[Problem] | None = None
) -> list[tuple[str, str]]:
    """Return (path, text) of AUTOCLEAN, then of every lkm/autoclean.d file, in the order of reading.

    Arguments as in modprobe_files.
    """
    main = [] if paths else _read([f"{root.rstrip('/')}{AUTOCLEAN}"], problems)
    return main + conf_files("lkm/autoclean.d", root, paths, problems)


def load_files(root: str = "", problems: list[Problem] | None = None) -> list[tuple[str, str]]:
    """Return (path, text) of every modules-load.d file in the order of reading, and of /etc/modules (Debian).

    systemd looks in the same directories, but for /lib (man modules-load.d).
    """
    found = conf_files(BOOT, root, (), problems)
    old = f"{root.rstrip('/')}/etc/modules"
    if os.path.isfile(old) and os.path.realpath(old) not in [os.path.realpath(path) for path, _ in found]:
        found += _read([old], problems)
    return found


def files_not_read(root: str = "") -> list[str]:
    """Return the files that nobody reads for their names, though they stand where configuration does.

    Copies that editors and package managers leave are passed over, and so is what says that it is switched off.
    """
    found = []
    for leaf in ("modprobe.d", BOOT, "depmod.d"):
        for place in _places(root, leaf):
            names = os.listdir(place) if os.path.isdir(place) else []
            found += [f"{place}/{name}" for name in names if not name.endswith((*SUFFIXES, *_LEFT)) and _plain(name)]
    found += [f"{root.rstrip('/')}/etc/{name}" for name in ("modprobe.conf", "modules.conf", "conf.modules")]
    seen = {os.path.realpath(path): path for path in sorted(found, reverse=True) if os.path.isfile(path)}
    return sorted(seen.values())


def _plain(name: str) -> bool:
    return name[0] not in ".#" and not name.startswith("README") and not any(mark in name for mark in _MARKS)


#: Ends of the names of copies and of what was switched off, and what stands within such names.
_LEFT = ("~", ".bak", ".old", ".orig", ".save", ".disabled", ".off", ".md", ".txt", ".example", ".sample", ".alias")
_MARKS = (".dpkg-", ".ucf-", ".rpm", ".lkm-")


def _kernels(directory: str) -> dict[str, str]:
    """Return base name → path of the files of a module directory that count."""
    waiting = pending(directory) if os.path.exists(f"{directory}/{RECORD}") else {}
    names = ("modules.softdep", "modules.weakdep")
    return {name: waiting.get(name, os.path.join(directory, name)) for name in names}


def hidden_files(leaf: str = "modprobe.d", root: str = "", paths: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return (path, path of the file that counts instead) of files that are not read for their base name."""
    hidden = []
    seen: dict[str, str] = {}
    for place in paths or _places(root, leaf):
        mine = _choose("", leaf, (place,), {}, None)
        hidden += [(path, seen[name]) for name, path in sorted(mine.items()) if name in seen]
        seen = mine | seen
    return [(path, by) for path, by in hidden if not _same(path, by)]


def _same(one: str, other: str) -> bool:
    """Tell whether two paths are one file, as where /lib is a link to /usr/lib."""
    try:
        return os.path.samefile(os.path.dirname(one), os.path.dirname(other))
    except OSError:
        return False


def _places(root: str, leaf: str) -> list[str]:
    return [f"{root.rstrip('/')}{directory}/{leaf}" for directory in DIRECTORIES]


def _choose(
    root: str, leaf: str, paths: tuple[str, ...], chosen: dict[str, str], problems: list[Problem] | None
) -> dict[str, str]:
    """Add to base name → path whatever the places hold, where the name is not taken yet."""
    for place in paths or _places(root, leaf):
        try:
            names = os.listdir(place)
        except NotADirectoryError:
            chosen.setdefault(os.path.basename(place), place)
        except OSError as error:
            if paths:
                _note(problems, place, f"cannot be read: {error.strerror}")
        else:
            for name in names:
                if name.endswith(SUFFIXES) and name[0] != "." and _is_file(place, name, problems):
                    chosen.setdefault(name, os.path.join(place, name))
    return chosen


def _is_file(place: str, name: str, problems: list[Problem] | None) -> bool:
    path = os.path.join(place, name)
    if os.path.isfile(path) or not os.path.exists(path) or os.path.realpath(path) == os.devnull:
        return True  # links to nowhere and to /dev/null take the name too, and so hide a file of later directories
    _note(problems, path, "is not a file")
    return False


def _read(paths: list[str], problems: list[Problem] | None) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in paths:
        try:
            found.append((path, read_text(path)))
        except MachineError as error:
            if error.errno != errno.ENOENT:
                _note(problems, path, f"cannot be read: {error.what}")
    return found


def _note(problems: list[Problem] | None, path: str, message: str) -> None:
    if problems is not None:
        problems.append(Problem(Origin(path), message))

"""Each way in which a name can be missing gets its own words."""

from lkm.report.absence import Tree, explain_absence

THERE = Tree("", "6.1", "/lib/modules/6.1", exists=True, indexed=True, has_modules=True)


def test_no_directory_names_the_releases_that_are_there() -> None:
    tree = THERE._replace(exists=False, others=("5.10", "6.2"))
    assert explain_absence("fat", tree) == (
        "/lib/modules/6.1 does not exist: no modules are installed for kernel 6.1",
        "there are modules for 5.10, 6.2; -S VERSION or -k VERSION chooses",
    )
    assert len(explain_absence("fat", tree._replace(others=()))) == 1


def test_no_index_names_the_command_that_makes_it() -> None:
    tree = THERE._replace(indexed=False)
    assert explain_absence("fat", tree)[1] == "cure: `lkm depmod 6.1`"
    assert explain_absence("fat", tree._replace(root="/r"))[1] == "cure: `lkm depmod -b /r 6.1`"
    assert "no module files" in explain_absence("fat", tree._replace(has_modules=False))[0]


def test_a_slip_gets_the_nearest_name_but_a_hardware_alias_does_not() -> None:
    names = ("fat", "msdos", "snd_hda_intel")
    assert "did you mean 'snd_hda_intel'?" in explain_absence("snd-hda-intl", THERE, names)[0]
    for path in ("msdos.ko", "./msdos.ko.xz"):
        assert "did you mean 'msdos'?" in explain_absence(path, THERE, names)[0]
    assert "did you mean" not in explain_absence("qqqqqqqq", THERE, names)[0]
    assert "did you mean" not in explain_absence("fs:msdoss", THERE, (*names, "fs_msdoss"))[0]

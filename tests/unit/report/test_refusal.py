from __future__ import annotations

from lkm.report.refusal import insmod_text, printable


def test_words_of_the_kernel_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\ncafé") == r"a\x1b[2Jb\x0acafé"


def test_insmod_words_are_kmods() -> None:
    ours = {number: insmod_text(number, str) for number in (2, 3, 8, 22, 17)}
    assert ours == {
        2: "Unknown symbol in module",
        3: "Module has wrong symbol version",
        8: "Invalid module format",
        22: "Invalid parameters",
        17: "17",
    }

"""How the kernels that the tests have were built: their image tells what their configuration file does."""

from __future__ import annotations

import gzip
from pathlib import Path

from lkm.image.features import config_features
from tests.support.trees import debian_kernel
from tests.unit.image.test_facts import debian, uml

UML_CONFIG = Path("/usr/share/doc/user-mode-linux/config.gz")


def test_debian() -> None:
    (path,) = (debian_kernel() / "boot").glob("config-*")
    told = config_features(path.read_text())
    assert set(told) - set(debian().features) == {"force_unload"}  # nothing in the image shows that one
    assert set(debian().features) <= set(told)


def test_user_mode_linux() -> None:
    told = config_features(gzip.decompress(UML_CONFIG.read_bytes()).decode())
    assert set(uml().features) == set(told)


def test_no_configuration() -> None:
    assert config_features("hello") == ()

"""What the tests of training share."""

from pathlib import Path

import pytest
from tiny_pictures import make_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a dataset of 63 training and 27 validation pictures in three classes."""
    return make_tiny(tmp_path_factory.mktemp("data") / "tiny")

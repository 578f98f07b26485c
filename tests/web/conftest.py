"""One Studio is made for all tests of pages; each file gets a copy, so no file sees what another did."""

from collections.abc import Iterator

import pytest

from studio_seed import Studio, copied, make_studio


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A Studio with one dataset and one model, to copy; its store is closed."""
    made = make_studio(tmp_path_factory.mktemp("studio"))
    made.store.close()
    return made


@pytest.fixture(scope="module")
def studio(seed: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Studio with one dataset and one model."""
    made = copied(seed, tmp_path_factory.mktemp("copy") / "home")
    yield made
    made.store.close()

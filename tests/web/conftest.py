"""One Studio for all tests of pages; tests that change it make things of their own."""

from collections.abc import Iterator

import pytest

from studio_seed import Studio, make_studio


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A Studio with one dataset and one model."""
    made = make_studio(tmp_path_factory.mktemp("studio"))
    yield made
    made.store.close()

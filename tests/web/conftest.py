"""One Studio is made for all tests of pages; each file gets a copy, so no file sees what another did."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

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


@pytest.fixture(scope="module", autouse=True)
def quick_passwords(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have passwords hashed at once; the slow hash is looked at in ``test_web_signing_in``, which does without this."""
    if request.module.__name__ == "test_web_signing_in":
        yield
        return
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glasshouse.store.people._hasher", lambda: quick)
        yield

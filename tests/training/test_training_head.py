"""The linear head: scikit-learn is the oracle; folds respect groups; a run of it goes on where it was stopped."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tiny_pictures import make_tiny

from glasshouse.data.splitting.folds import fold_count, fold_numbers
from glasshouse.events import EpochDone, Notice, Progress, RunFinished
from glasshouse.networks.build import build
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.linear_head import lbfgs, log_softmax, solve, strengths_tried
from glasshouse.training.loop import resume, train


def features(classes: int, count: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(classes)
    y = np.arange(count) % classes
    x = draw.normal(size=(count, 12)) * np.arange(1, 13) + draw.normal(size=(classes, 12))[y] * 3 + 5
    return x.astype(np.float32), y, draw.random(count) + 0.5


@pytest.mark.parametrize("classes", [3, 5])
@pytest.mark.parametrize("strength", [0.001, 0.1, 3.0])
def test_the_head_is_scikit_learns(classes: int, strength: float) -> None:
    x, y, w = features(classes)
    mean = np.average(x, 0, w)
    variance = np.average((x - mean) ** 2, 0, w)
    scale = np.sqrt((len(y) * variance + 3 * variance.mean()) / (len(y) + 3))
    oracle = LogisticRegression(C=1 / (strength * w.sum()), tol=1e-10, max_iter=10_000)
    oracle.fit((x - mean) / scale, y, sample_weight=w)
    found = solve(x, y, w, classes, strength)
    p = np.exp(log_softmax(x @ found[:-1] + found[-1]))
    flat = max(2e-6, 3e-8 / strength)  # the search ends at one slope, which is farther from the least in a flat valley
    np.testing.assert_allclose(p, oracle.predict_proba((x - mean) / scale), atol=flat)
    assert np.array_equal(found, solve(x, y, w, classes, strength))


def test_a_feature_that_never_changes_and_a_head_without_bias() -> None:
    x, y, w = features(3)
    constant = np.hstack([x, np.full((len(x), 1), 7, np.float32)])
    np.testing.assert_allclose(solve(constant, y, w, 3, 0.1)[-2], 0)
    bare = solve(x, y, w, 3, 0.1, bias=False)
    assert np.abs(bare[-1]).max() == 0 and np.abs(bare[:-1]).max() > 0


def test_with_one_picture_a_class_rare_features_do_not_drown_the_others() -> None:
    draw = np.random.default_rng(0)
    labels = np.arange(200) % 4
    told = np.repeat(np.eye(4)[labels], 10, axis=1) + draw.normal(size=(200, 40)) * 0.5
    rare = np.where(draw.random((200, 200)) < 0.1, 0.2, 0.0)  # each is in one picture of ten and says nothing
    x = np.hstack([told, rare]).astype(np.float32)
    found = solve(x[:4], labels[:4], np.ones(4), 4, 0.1)
    right = (x[4:] @ found[:-1] + found[-1]).argmax(1) == labels[4:]
    scale = np.where(x[:4].std(0) > 0, x[:4].std(0), np.inf)
    plain = LogisticRegression(C=1 / 0.4).fit(x[:4] / scale, labels[:4])
    assert right.mean() > 0.9 > plain.score(x[4:] / scale, labels[4:])


def test_lbfgs_finds_the_least_of_a_narrow_valley() -> None:
    a = np.diag([1.0, 1e4])
    found = lbfgs(lambda x: (float(x @ a @ x / 2 - x.sum()), a @ x - 1), np.array([5.0, 5.0]))
    np.testing.assert_allclose(found, [1, 1e-4], rtol=1e-5)


def test_the_strength_is_that_of_the_least_loss_around() -> None:
    x, y, w = features(3)
    tried = {s: loss for s, loss, _ in strengths_tried(x[None], y, w, 3, np.arange(len(y)) % 4)}
    best = min(tried, key=lambda s: tried[s])
    order = sorted(tried)
    at = order.index(best)
    assert 0.1 in tried and len(tried) >= 3
    assert at == 0 or tried[order[at - 1]] > tried[best]


def test_folds_keep_groups_together_and_classes_even() -> None:
    labels = np.arange(200) % 4
    groups = np.arange(200)
    groups[:20] = 0  # one large series over all classes
    paths = [f"p{i}" for i in range(200)]
    fold = fold_numbers(labels, groups, paths, 5)
    assert len(set(fold[:20])) == 1
    for label in range(4):
        assert np.ptp(np.bincount(fold[labels == label], minlength=5)) <= 1
    assert np.array_equal(fold, fold_numbers(labels, groups, paths, 5))
    assert fold_count(labels, groups) == 5 and fold_count(labels, np.zeros(200, np.int64)) == 1


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("head") / "tiny")


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from safetensors.torch import save_file

    path = tmp_path_factory.mktemp("body") / "lenet.safetensors"
    save_file(build("LeNet", 3, 3, 16, 16, seed=5).module.state_dict(), path)
    return path


def recipe(data: Path, body: Path, **fields: object) -> TrainingRecipe:
    return TrainingRecipe(data=str(data), network="LeNet", weights=str(body), strategy="features", device="cpu",
                          **fields)  # fmt: skip


def test_features_are_given_a_linear_head(data: Path, body: Path, tmp_path: Path) -> None:
    events = list(train(recipe(data, body), tmp_path / "a"))
    assert [e.epoch for e in events if isinstance(e, EpochDone)] == [1]
    told = [e.message for e in events if isinstance(e, Notice) and e.kind == "head"]
    assert len(told) == 1 and "chosen by 5 folds" in told[0]
    assert [e for e in events if isinstance(e, Progress) and e.stage == "head"]
    finished = events[-1]
    assert isinstance(finished, RunFinished) and (finished.valid_accuracy or 0) > 0.9
    assert "logistic regression" in (tmp_path / "a" / "model" / "card.md").read_text()


def test_a_stopped_run_fits_its_head_again_to_the_same_bits(data: Path, body: Path, tmp_path: Path) -> None:
    list(train(recipe(data, body), tmp_path / "a"))
    events = train(recipe(data, body), tmp_path / "b")
    for event in events:
        if isinstance(event, Progress) and event.stage == "head":
            break
    events.close()  # type: ignore[attr-defined]
    list(resume(tmp_path / "b"))
    a, b = ((tmp_path / run / "model" / "weights.safetensors").read_bytes() for run in "ab")
    assert a == b


def test_a_fold_finds_the_features_of_the_whole(data: Path, body: Path, tmp_path: Path) -> None:
    list(train(recipe(data, body), tmp_path / "a"))
    events = list(train(recipe(data, body, learn_from="fold 2/3"), tmp_path / "b"))
    assert not [e for e in events if isinstance(e, Progress) and e.stage == "features"]
    assert "without fold 2/3" in (tmp_path / "b" / "model" / "card.md").read_text()

"""Baselines that were computed before are read, and are the same."""

import sys
from pathlib import Path

import pytest
from tiny_pictures import make_tiny

from glasshouse.data.dataset import open_dataset
from glasshouse.export import scoring


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is in another process; scikit-learn cannot be imported there."""
    monkeypatch.setattr(scoring, "_KNOWN", {})
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)


def test_baselines_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_KNOWN", {})  # as other tests have left it, this dataset may be in it
    dataset = open_dataset(make_tiny(tmp_path / "tiny"))
    first = scoring.baselines(dataset, "val")
    forget(monkeypatch)
    assert scoring.baselines(dataset, "val") == first
    (file,) = (dataset.path / "features").glob("baselines-*.json")
    again = scoring.baselines(dataset, "val")
    assert [one.description.template for one in again] == [one.description.template for one in first]
    file.write_text(file.read_text().replace("0.", "1.", 1))
    monkeypatch.setattr(scoring, "_KNOWN", {})
    with pytest.raises(ImportError):  # a damaged file is not believed
        scoring.baselines(dataset, "val")


def test_pictures_of_other_folds_have_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset(make_tiny(tmp_path / "tiny"))
    scoring.baselines(dataset, "val")
    forget(monkeypatch)
    with pytest.raises(ImportError):
        scoring.baselines(dataset.learning("fold 1/2"), "val")


def test_a_folder_that_cannot_be_written_hinders_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset(make_tiny(tmp_path / "tiny"))
    (dataset.path / "features").write_text("no folder")
    monkeypatch.setattr(scoring, "_KNOWN", {})
    assert len(scoring.baselines(dataset, "val")) == 2

"""Where labels of an archive come from is as it is for the same folder: a pattern counts where it is asked for."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from glasshouse.data.sources.source import open_source
from glasshouse.recipe import DatasetRecipe
from pictures import write_class_folders


@pytest.mark.parametrize("by", ["auto", "folder", "pattern"])
def test_an_archive_is_labelled_as_its_folder_is(by: str, tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "in", {"cat": 2, "dog": 2})
    with ZipFile(tmp_path / "in.zip", "w") as archive:
        for file in sorted(folder.rglob("*.jpg")):
            archive.write(file, file.relative_to(folder))
    labels = {"by": by, "pattern": r"(\d)\.\w+$"}
    found = [open_source(DatasetRecipe(source=str(place), labels=labels)) for place in (folder, tmp_path / "in.zip")]
    assert [i.label for i in found[0].items] == [i.label for i in found[1].items]

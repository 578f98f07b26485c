"""Changes of the sealed test split are written down: beside its openings, which a new version takes over."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from glasshouse.data.dataset import OPENINGS, Dataset
from glasshouse.data.preparing.writing import Draft
from glasshouse.integrity.documents import with_checksum

__all__ = ["note_test_changes", "take_over_openings"]


def take_over_openings(parent: Dataset, folder: Path) -> None:
    """Copy what was written down of the test split of ``parent`` to the version in ``folder``.

    Raises:
        DamagedDatasetError: it is damaged.
    """
    if parent.openings():
        shutil.copy2(parent.path / OPENINGS, folder / OPENINGS)


def note_test_changes(folder: Path, draft: Draft, person: str | None = None) -> None:
    """Write down that edits moved pictures into or out of the test split, or changed it otherwise."""
    if draft.edited is None or not draft.edited.test_changes:
        return
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"),
             "by": f"edits of {draft.edited.test_changes} pictures of the test split"}  # fmt: skip
    whole = with_checksum(entry if person is None else {**entry, "person": person})
    with (folder / OPENINGS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(whole, ensure_ascii=False) + "\n")

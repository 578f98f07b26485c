"""The folders of a tree: what lies in which, and which hold anything that may be a picture."""

from collections import defaultdict
from collections.abc import Sequence

from glasshouse.data.archives.files import Tree

__all__ = ["Shape", "is_document"]

_DOCUMENTS = (
    ".txt", ".md", ".rst", ".csv", ".tsv", ".tab", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".html", ".htm", ".pdf",
    ".doc", ".docx", ".xls", ".xlsx", ".hwp", ".hwpx", ".ini", ".cfg", ".log", ".py", ".ipynb", ".m", ".sh", ".cache",
    ".lst", ".list", ".names", ".license", ".sha256", ".md5", ".rtf", ".url", ".lnk",
)  # fmt: skip


def is_document(path: str) -> bool:
    """Return whether a file's ending says that it is no picture (``labels.txt``, ``boxes.xml``)."""
    return path.lower().endswith(_DOCUMENTS)


class Shape:
    """The folders of a tree by their path ("" or with a slash at its end)."""

    def __init__(self, tree: Tree) -> None:
        self._children: dict[str, list[str]] = defaultdict(list)
        for path in tree.folders:
            parent, _, name = path.rpartition("/")
            self._children[f"{parent}/" if parent else ""].append(name)
        self._files = {file.path[: file.path.rfind("/") + 1] for file in tree.files}
        self._direct: set[str] = set()
        self._pictured: set[str] = set()
        for file in tree.files:
            parent = file.path[: file.path.rfind("/") + 1]
            if parent not in self._direct and not is_document(file.path):
                self._direct.add(parent)
                self._add(parent)

    def _add(self, folder: str) -> None:
        while folder not in self._pictured:
            self._pictured.add(folder)
            folder = folder[: folder.rstrip("/").rfind("/") + 1]

    def all_children(self, folder: str) -> Sequence[str]:
        """Return the names of the folders directly in ``folder``, sorted."""
        return self._children.get(folder, ())

    def children(self, folder: str) -> list[str]:
        """Return those that hold files other than documents, somewhere; all if none does."""
        inside = self._children.get(folder, [])
        return [name for name in inside if f"{folder}{name}/" in self._pictured] or (
            [] if folder in self._pictured else list(inside)
        )

    def has_pictures(self, folder: str) -> bool:
        """Return whether files that may be pictures lie directly in ``folder``."""
        return folder in self._direct

    def holds_files(self, folder: str) -> bool:
        """Return whether any file lies in ``folder`` or below it."""
        return any(one.startswith(folder) for one in self._files)

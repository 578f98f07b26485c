"""Labels from folders: class folders, and class folders within train, val and test."""

from collections.abc import Iterator, Sequence

from glasshouse.data.archives.files import Tree
from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Item, Labelled, Listed
from glasshouse.data.sources.layout import Layout, find_layout
from glasshouse.data.sources.lists import lists_among
from glasshouse.data.sources.shape import Shape
from glasshouse.messages import Message

__all__ = ["label_by_folder"]


def label_by_folder(tree: Tree, packed: bool = False) -> Labelled:
    """Label every file with its class folder: at the top, within folders of train, val and test, or below one folder.

    In a ``packed`` tree (an archive) one folder around everything is as usual, and not told.
    """
    layout, shape = find_layout(tree)
    items: list[Item] = []
    rejected: list[Rejected] = []
    roots = sorted(layout.roots, key=len, reverse=True)
    for file in tree.files:
        item = _item(file, layout, roots)
        (items if isinstance(item, Item) else rejected).append(item)  # type: ignore[arg-type]
    wrapped = () if packed else _wrapped(layout, shape)
    findings = [*wrapped, *layout.findings, *_empty_classes(layout, shape, items), *_tables(layout, tree, items)]
    return Labelled(items, rejected, findings, fold=True)


def _item(file: Listed, layout: Layout, roots: Sequence[str]) -> Item | Rejected:
    root = next((one for one in roots if file.path.startswith(one)), None)
    if root is None:
        folders = ", ".join(sorted(layout.parts))
        outside = (
            Message("not in one of the folders {folders}", folders=folders)
            if layout.parts
            else Message("not in a class folder")
        )
        return Rejected(file.path, outside)
    label, slash, _ = file.path[len(root) :].partition("/")
    if not slash:
        where = f" of {root.rstrip('/').removeprefix(layout.top)}" if layout.roots[root] else ""
        return Rejected(file.path, Message("not in a class folder{where}", where=where))
    if (reason := layout.aside.get(f"{root}{label}/")) is not None:
        return Rejected(file.path, reason)
    time = file.mtime_ns / 1e9 if file.mtime_ns else None
    return Item(file.path, label, layout.roots[root], time=time)


def _wrapped(layout: Layout, shape: Shape) -> Iterator[Finding]:
    if layout.top and not layout.parts:
        top = layout.top.rstrip("/")
        names = ", ".join(shape.children(layout.top)[:5])
        yield Finding(
            "wrapper",
            Message(
                "everything lies in the folder {top}, so the folders in it are the classes ({names})",
                top=top,
                names=names,
            ),
        )


def _empty_classes(layout: Layout, shape: Shape, items: Sequence[Item]) -> Iterator[Finding]:
    filled = {(item.split, item.label) for item in items}
    for root, split in sorted(layout.roots.items()):
        for name in shape.all_children(root):
            folder = f"{root}{name}"
            inner = any(other.startswith(f"{folder}/") for other in layout.roots)
            if (split, name) not in filled and not inner and not shape.holds_files(f"{folder}/"):
                yield Finding("empty-class", Message("the class folder {folder} holds no files", folder=folder))


def _tables(layout: Layout, tree: Tree, items: Sequence[Item]) -> Iterator[Finding]:
    near = [file.path.removeprefix(layout.top) for file in tree.files]
    near = [path for path in near if "/" not in path]
    beside = [path for path in near if path.lower().endswith((".csv", ".tsv"))] + list(lists_among(near))
    if items and beside:
        yield Finding(
            "table-beside",
            Message(
                "labels are taken from the folders; the list {beside} beside them was not read. If it has the "
                "labels, give it as the source.",
                beside=beside[0],
            ),
        )

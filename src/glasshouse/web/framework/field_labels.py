"""What the fields of the forms are called on their pages, by their names in recipes; a test holds the two together."""

from collections.abc import Callable, Mapping
from functools import cache

from glasshouse.recipe.fields import declared_fields
from glasshouse.web.framework.language import texts

__all__ = ["field_labels"]


@cache
def field_labels(language: str) -> Mapping[str, str]:
    """Return the label of each field, by its name in a recipe or a form."""
    _ = texts(language).gettext
    return {**_of_datasets(_), **_of_trainings(_), "name": _("Name"), "notes": _("Notes"),
            "group_name": _("Group"), "source": _("Pictures"), "dataset": _("Dataset")}  # fmt: skip


def _of_datasets(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        "width": _("Width"), "height": _("Height"), "color": _("Colour"), "resize": _("Resizing"),
        "valid": _("For validation"), "test": _("For the sealed test"), "split": _("Way of splitting"),
        "seed": _("Seed"), "group": _("Series pattern"), "twins": _("Keep twins together"),
        "labels.by": _("Labels come from"), "labels.pattern": _("Label pattern"),
        "labels.path_column": _("Column of the path"), "labels.label_column": _("Column of the label"),
        "labels.group_column": _("Column of the series"), "labels.split_column": _("Column of the split"),
        "labels.pictures": _("Folder of the pictures"), "labels.labels_file": _("File of class names"),
        "min_per_class": _("Least pictures a class"), "max_per_class": _("Most pictures a class"),
        "encoding": _("Stored as"), "quality": _("JPEG quality"), "valid_source": _("Separate validation folder"),
        "test_source": _("Separate test folder"), "pixel_limit": _("Most pixels of a picture"),
    }  # fmt: skip


def _of_trainings(_: Callable[[str], str]) -> Mapping[str, str]:
    return {name: _(field.setting.label) for name, field in declared_fields().items()}

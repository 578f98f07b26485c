"""What the fields of the forms are called on their pages, by their names in recipes; a test holds the two together."""

from collections.abc import Callable, Mapping
from functools import cache

from glasshouse.web.framework.language import texts

__all__ = ["field_labels"]


@cache
def field_labels(language: str) -> Mapping[str, str]:
    """Return the label of each field, by its name in a recipe or a form."""
    _ = texts(language).gettext
    return {**_of_datasets(_), **_of_models(_), **_of_augmentation(_), "name": _("Name"), "notes": _("Notes"),
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


def _of_models(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        "network": _("Network"), "weights": _("Start from"), "strategy": _("Strategy"), "dropout": _("Dropout"),
        "epochs": _("Epochs"), "batch_size": _("Batch size"), "early_stopping.patience": _("Stop early after"),
        "checkpoints.keep_every": _("Keep a checkpoint every"), "objective.class_weights": _("Class weights"),
        "objective.label_smoothing": _("Label smoothing"), "optimizer.name": _("Optimizer"),
        "optimizer.lr": _("Learning rate"), "optimizer.momentum": _("Momentum"),
        "optimizer.nesterov": _("Nesterov's momentum"), "optimizer.weight_decay": _("Weight decay"),
        "schedule.name": _("Schedule"), "schedule.warmup": _("Warm-up"), "schedule.gamma": _("Gamma"),
        "schedule.step": _("Step"), "schedule.milestones": _("Steps at"), "schedule.power": _("Power"),
        "freeze_epochs": _("Epochs for the last layer"), "accumulate": _("Batches gathered"),
        "clip_norm": _("Longest step"), "sampling": _("Order of the pictures"), "device": _("Device"),
        "precision": _("Numbers of the computation"), "normalize": _("Mean and spread of the pixels"),
    }  # fmt: skip


def _of_augmentation(_: Callable[[str], str]) -> Mapping[str, str]:
    labels = {
        "rotation": _("Rotation"), "width_shift": _("Shift across"), "height_shift": _("Shift up and down"),
        "zoom": _("Zoom"), "shear": _("Shear"), "brightness": _("Brightness"), "contrast": _("Contrast"),
        "saturation": _("Saturation"), "hue": _("Hue"), "erasing": _("Erase a patch"),
        "horizontal_flip": _("Mirror left and right"), "vertical_flip": _("Mirror up and down"),
    }  # fmt: skip
    return {f"augmentation.{name}": label for name, label in labels.items()}

"""How pictures become a dataset."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from glasshouse.errors import Problem
from glasshouse.messages import Message
from glasshouse.recipe.document import Recipe
from glasshouse.recipe.edits import Edit
from glasshouse.recipe.part import Count, Fraction, Part, Side
from glasshouse.recipe.patterns import Pattern, PatternError, pattern_fault

__all__ = ["DatasetRecipe", "LabelRecipe"]

KEPT_SINCE = 3  # the version of recipes from which series are kept together by themselves


class LabelRecipe(Part):
    """Where labels come from.

    ``by`` is ``folder`` (the name of the class folder), ``pattern`` (first group of a regular expression
    searched in the file's name), ``csv`` (columns of a table), ``list`` (DIGITS: lines of ``path label``),
    ``idx`` (the files of MNIST and Fashion-MNIST), ``given`` (pairs handed over in Python, such as a function's
    answers or arrays; ``digest`` then identifies them) or ``auto`` (seen from what the source is).
    """

    by: Literal["auto", "folder", "pattern", "csv", "list", "idx", "given"] = "auto"
    pattern: str | None = None
    path_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    split_column: str | None = None
    labels_file: str | None = None
    pictures: str | None = None
    digest: str | None = None

    def conflicts(self) -> Iterator[Problem]:
        if self.by == "pattern" and not self.pattern:
            yield Problem("pattern", "required when labels come by pattern; give a regular expression with one group")
        if self.pattern is not None and (fault := pattern_fault(self.pattern, groups=1)):
            yield Problem("pattern", fault)


class DatasetRecipe(Recipe):
    """How pictures become a dataset.

    ``valid`` and ``test`` are fractions of the pictures; ``width`` and ``height`` are pixels. ``split`` is how
    pictures are split: ``random`` (seeded, stratified), ``ordered`` (the last fraction), ``time`` (the newest),
    ``folder`` (train, val and test folders), ``list`` (the source's own column or files) or ``auto`` (by folder
    where such folders exist, else random). ``group`` is a regular expression on the path whose first group names a
    series within its class, and keeps each in one subset; ``none`` keeps none, and without it those are kept that file
    names clearly tell (from ``version`` 3 on). ``twins`` keeps equal and nearly equal pictures in the same subset.
    ``edits`` are changes of single pictures and of classes, in the order in which they were made; they apply to what
    the other fields make, so that a corrected dataset can be made anywhere again.
    ``version`` 2 sorts names of classes with numbers as people count (1, 2, 10), 1 by letters (1, 10, 2), as earlier
    versions did.
    """

    title: ClassVar[str] = Message("the dataset recipe")
    version: Literal[1, 2, 3] = 3  # type: ignore[assignment]
    kind: Literal["dataset"] = "dataset"
    source: str
    valid_source: str | None = None
    test_source: str | None = None
    labels: LabelRecipe = LabelRecipe()
    width: Side = 224
    height: Side = 224
    resize: Literal["squash", "crop", "pad", "half-crop"] = "squash"
    color: Literal["rgb", "gray"] = "rgb"
    encoding: Literal["raw", "png", "jpeg"] = "raw"
    quality: Annotated[int, Field(ge=1, le=100)] = 90
    valid: Fraction = 0.25
    test: Fraction = 0.0
    split: Literal["auto", "random", "ordered", "time", "folder", "list"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 42
    group: str | None = None
    twins: bool = True
    min_per_class: Count = 2
    max_per_class: Count | None = None
    pixel_limit: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100_000_000
    edits: tuple[Edit, ...] = ()

    @model_serializer(mode="wrap")
    def _without_no_edits(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave ``edits`` out where there are none: recipes read as they did before there were edits."""
        told: dict[str, Any] = handler(self)
        if not self.edits:
            told.pop("edits", None)
        return told

    def conflicts(self) -> Iterator[Problem]:
        if self.valid + self.test >= 1:
            yield Problem(
                "valid",
                Message(
                    "valid + test must leave pictures to train on, got {valid} + {test}",
                    valid=self.valid,
                    test=self.test,
                ),
            )
        if self.max_per_class is not None and self.max_per_class < self.min_per_class:
            yield Problem(
                "max_per_class",
                Message("must not be below min_per_class ({min_per_class})", min_per_class=self.min_per_class),
            )
        if self.series_pattern is not None and (fault := pattern_fault(self.series_pattern, groups=1)):
            yield Problem("group", fault)
        for number, edit in enumerate(self.edits, 1):
            yield from (Problem(".".join(("edits", str(number), one.field)), one.message) for one in edit.conflicts())

    @property
    def series_pattern(self) -> str | None:
        """The pattern of series, None if there is none."""
        return None if self.group == "none" else self.group

    @property
    def keeps_series(self) -> bool:
        """Whether series that file names clearly tell are kept in the same subset, though no pattern says so."""
        return self.group is None and self.version >= KEPT_SINCE

    def unsearchable(self) -> list[Problem]:
        """Return the problems of patterns that are right and cannot be matched in linear time.

        They are no conflicts: a dataset that was made with such a pattern still opens.
        """
        problems = []
        for field, pattern in (("labels.pattern", self.labels.pattern), ("group", self.series_pattern)):
            try:
                Pattern(pattern or "")
            except PatternError as error:
                problems.append(Problem(field, str(error)))
        return problems

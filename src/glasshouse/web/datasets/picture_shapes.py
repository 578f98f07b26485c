"""What the API returns for the pictures of a dataset, and of a source before it is imported."""

from pydantic import Field

from glasshouse.web.context.shapes import Shape

__all__ = [
    "ClassOut", "CostOut", "FindingOut", "LeftOutOut", "LeftOutPage", "PictureDetail", "PictureOut", "PicturePage",
    "PreviewOut", "PreviewRequest", "StatisticsOut", "TwinOut", "TwinPage",
]  # fmt: skip


class PictureOut(Shape):
    """A picture of a split: its row there, its path in the source, its class."""

    row: int
    path: str
    label: str


class PicturePage(Shape):
    """A page of pictures; ``before`` and ``after`` are the keys of the pages beside it, null if there is none."""

    items: list[PictureOut]
    total: int
    first: int
    before: int | None
    after: int | None


class TwinOut(Shape):
    """A picture that looks the same as another one: ``kind`` is equal or near; ``row`` null if it is not there."""

    kind: str
    label: str
    split: str
    path: str
    row: int | None


class PictureDetail(Shape):
    """All that is known of a picture; ``width`` and ``height`` are those of its file, ``before`` and ``after`` rows."""

    row: int
    split: str
    path: str
    label: str
    width: int
    height: int
    sha256: str
    before: int | None
    after: int | None
    twins: list[TwinOut]


class TwinPage(Shape):
    groups: list[list[TwinOut]]
    total: int
    after: int | None


class LeftOutOut(Shape):
    path: str
    reason: str
    sha256: str


class LeftOutPage(Shape):
    """Files that were left out; ``reasons`` says how often each kind of reason occurs."""

    items: list[LeftOutOut]
    total: int
    reasons: dict[str, int]


class StatisticsOut(Shape):
    """Pictures of each class for each split, and the sizes (width, height) that the originals had."""

    counts: dict[str, dict[str, int]]
    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    enlarged: int
    files: dict[str, int]


class PreviewRequest(Shape):
    """A DatasetRecipe to look at without making anything; ``example`` is the path of a picture of the source."""

    recipe: dict[str, object]
    example: str = Field("", max_length=4000)


class ClassOut(Shape):
    """A class of a source: ``used`` of ``count`` pictures; ``pictures`` are addresses that hold them, by path."""

    name: str
    count: int
    used: int
    pictures: dict[str, str]


class FindingOut(Shape):
    kind: str
    message: str


class CostOut(Shape):
    """About how long making it takes, the bytes it has then, and the bytes it needs meanwhile."""

    seconds: float
    size: int
    needed: int


class PreviewOut(Shape):
    """A source before import; ``modes`` shows ``example`` in each way to resize.

    ``refusal`` says why it could not be made with this recipe ("" where it could); ``idle`` names the fields of the
    recipe that change nothing with this source, and a word for why.
    """

    count: int
    used: int
    looked: int
    splits: dict[str, int]
    classes: list[ClassOut]
    problems: list[dict[str, str]]
    problem_count: int
    warnings: list[FindingOut]
    cost: CostOut | None
    example: str | None
    modes: dict[str, str]
    refusal: str = ""
    idle: dict[str, str] = Field(default_factory=dict)

"""Words that name a part of a split (training, validation, test), in English and Korean: of folders and cells."""

import re

from glasshouse.data.names import composed

__all__ = ["SPLIT_WORDS", "is_neutral", "is_unlabelled", "part_of_name", "part_within", "remainder"]

SPLIT_WORDS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_WORDS = {
    **SPLIT_WORDS, "trn": "train", "validate": "val", "validating": "val", "tst": "test",
    "훈련": "train", "학습": "train", "트레이닝": "train", "검증": "val",
    "시험": "test", "테스트": "test", "평가": "test",
}  # fmt: skip
_NEUTRAL = frozenset({
    "set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "picture", "pictures", "pic",
    "pics", "photo", "photos", "file", "files", "folder", "folders", "dir", "list", "lists", "split", "splits",
    "subset", "part", "seg", "sample", "samples", "labeled", "labelled", "jpg", "jpeg", "png",
    "용", "데이터", "데이터셋", "데이터세트", "자료", "세트", "셋", "이미지", "사진", "그림", "폴더", "파일", "목록",
    "분류", "원천데이터", "원천",
})  # fmt: skip
_UNLABELLED = frozenset({
    "unlabeled", "unlabelled", "unlabeleddata", "unlabelleddata", "unsup", "unsupervised", "nolabel", "nolabels",
    "notlabeled", "레이블없음", "라벨없음", "미분류",
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_APART = re.compile(r"[\W_]+|(?<=\D)(?=\d)|(?<=\d)(?=\D)")


def part_of_name(name: str) -> str | None:
    """Return ``train``, ``val`` or ``test`` for a name that means one of them and nothing else, else None.

    Case, numbers and words such as set, data and images do not count: ``training_set``, ``images_train``, ``TestSet``,
    ``학습데이터``. A name that ends in an underscore is never one, so ``test_`` is a class.
    """
    parts, others = _read(name)
    return parts.pop() if len(parts) == 1 and not others else None


def part_within(name: str) -> str | None:
    """Return the part that a name speaks of among other words, such as ``flowers-train``; None if none or several."""
    parts, _ = _read(name)
    return parts.pop() if len(parts) == 1 else None


def remainder(name: str) -> tuple[str, ...]:
    """Return the words of a name that are neither parts of a split nor neutral."""
    return tuple(_read(name)[1])


def is_neutral(name: str) -> bool:
    """Return whether a folder's name says nothing of what is in it (``images``, ``data``, ``사진``)."""
    parts, others = _read(name)
    return not parts and not others and not any(letter.isdecimal() for letter in name)


def is_unlabelled(name: str) -> bool:
    """Return whether a folder's name says that its pictures have no label (``unlabeled``, ``미분류``)."""
    return not name.endswith("_") and re.sub(r"[\W_]+", "", composed(name)).casefold() in _UNLABELLED


def _read(name: str) -> tuple[set[str], list[str]]:
    """Return the parts that a name speaks of, and its other words."""
    text = composed(name)
    if text.endswith("_"):
        return set(), [text]
    parts, others = _sorted(text)
    return _sorted(_CAMEL.sub(" ", text)) if others else (parts, others)


def _sorted(text: str) -> tuple[set[str], list[str]]:
    words = [word for word in _APART.split(text.casefold()) if word and not word.isdecimal()]
    parts: set[str] = set()
    others: list[str] = []
    for word in words:
        part = _part_of_word(word)
        if part is not None:
            parts.add(part)
        elif not _all_neutral(word):
            others.append(word)
    return parts, others


def _part_of_word(word: str) -> str | None:
    """Return the part that a word means, neutral words around it taken off: ``trainset``, ``훈련용데이터``."""
    if word in _WORDS:
        return _WORDS[word]
    for stem, part in _WORDS.items():
        before, found, after = word.partition(stem)
        if found and _all_neutral(before) and _all_neutral(after):
            return part
    return None


def _all_neutral(word: str) -> bool:
    """Return whether a word is empty or made of neutral words (``데이터`` + ``세트``)."""
    if not word or word in _NEUTRAL:
        return True
    return any(
        word.startswith(one) and _all_neutral(word[len(one) :]) for one in _NEUTRAL if len(one) > 1 or one == "용"
    )

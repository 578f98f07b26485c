"""The guide's blocks of Python run, in their order, in a folder of their own; other documents have tests elsewhere."""

import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"


RUN_ELSEWHERE = {  # the document, and the test that runs its blocks
    "follow-one-picture.md": "explanation/test_explanation_guide.py",
    "follow-one-picture.ko.md": "explanation/test_explanation_guide.py",
    "from-fastai.md": "fastai/test_fastai_documents.py",
    "from-fastai.ko.md": "fastai/test_fastai_documents.py",
    "from-keras.md": "keras/test_keras_documents.py",
    "from-keras.ko.md": "keras/test_keras_documents.py",
    "from-the-book.md": "autodiff/test_autodiff_documents.py",
    "from-the-book.ko.md": "autodiff/test_autodiff_documents.py",
    "ladder.md": "ladder/test_ladder_guide.py",
    "ladder.ko.md": "ladder/test_ladder_guide.py",
    "lessons": "test_lessons.py",
    "unknown.md": "uncertainty/test_uncertainty_guide.py",
    "unknown.ko.md": "uncertainty/test_uncertainty_guide.py",
    "what-did-it-learn.md": "explanation/test_explanation_guide_learned.py",
    "what-did-it-learn.ko.md": "explanation/test_explanation_guide_learned.py",
    "use-your-model.md": "test_docs_use.py",
    "use-your-model.ko.md": "test_docs_use.py",
    "why-this-answer.md": "explanation/test_explanation_guide.py",
    "why-this-answer.ko.md": "explanation/test_explanation_guide.py",
}


def blocks(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("name", ["guide.md"])
def test_every_block_of_the_guide_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words: dict[str, object] = {}
    for block in blocks(DOCS / name):
        exec(compile(block, f"{name}: {block[:40]!r}", "exec"), words)
    told = capsys.readouterr().out
    assert "3/notes.txt - not a picture" in told
    assert "no such field; did you mean rotation?" in told
    assert "done 3" in told
    assert words["test"].accuracy > 0.93  # type: ignore[attr-defined]


def test_the_korean_guide_has_the_same_code() -> None:
    korean = (DOCS / "guide.ko.md").read_text(encoding="utf-8")
    assert blocks(DOCS / "guide.md") == blocks(DOCS / "guide.ko.md")
    headings = [re.findall("^## ", text, re.M) for text in (korean, (DOCS / "guide.md").read_text(encoding="utf-8"))]
    assert len(headings[0]) == len(headings[1]), "the Korean guide has the same chapters"


def test_no_document_has_blocks_that_nothing_runs() -> None:
    found = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if blocks(path)}
    told = {name for name in found if name.partition("/")[0] in RUN_ELSEWHERE}
    assert found - told == {"guide.md", "guide.ko.md"}
    for test in RUN_ELSEWHERE.values():
        assert (Path(__file__).parent / test).exists()


def test_links_between_documents_lead_somewhere() -> None:
    for path in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


def test_no_text_names_a_machine_or_a_registry() -> None:
    root = DOCS.parent
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout
    for path in listed.splitlines():
        file = root / path
        if (
            path
            and file.suffix in (".md", ".toml", ".lock", ".sh", ".py", ".json", ".yml")
            and path != "tests/test_docs.py"
        ):
            text = file.read_text(encoding="utf-8")
            for word in ("pypi" + ".org", "pythonhosted", "/" + "work/", "/" + "root/"):
                assert word not in text, f"{path} names {word}"

"""Every command on terminals that lack letters: plain ASCII, and the console of a Korean Windows (cp949)."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glasshouse.cli.main import app, main
from glasshouse.cli.streams import SUBSTITUTES, _substitute
from pictures import write_class_folders

CLASSES = ("강아지 é–→", "고양이·😀")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(params=["ascii", "cp949", "latin-1"])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(encoding: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program on strict streams of an encoding; return exit code, stdout and stderr."""

    def go(*words: object) -> tuple[int, str, str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding, "strict") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "argv", ["glasshouse", *map(str, words)])
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            out.flush()
            err.flush()
        told = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
        return code, *(text.decode("utf-8" if not_own(text, encoding) else encoding) for text in told)  # type: ignore[return-value]

    return go


def not_own(text: bytes, encoding: str) -> bool:
    """Whether click has written UTF-8 into a stream that is of ASCII only, as it does with help."""
    return encoding == "ascii" and not text.isascii()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures of classes with Korean names, a dataset of them, and a run on it."""
    from glasshouse.data.prepare import create_dataset
    from glasshouse.recipe import DatasetRecipe, TrainingRecipe
    from glasshouse.training.loop import train

    place = tmp_path_factory.mktemp("이름")
    pictures = write_class_folders(place / "그림", CLASSES, each=8)
    (pictures / CLASSES[0] / "빈 파일.png").write_bytes(b"")
    recipe = DatasetRecipe(source=str(pictures), width=8, height=8, valid=0.25, test=0.25)
    create_dataset(recipe, place / "데이터")
    list(train(TrainingRecipe(data=str(place / "데이터"), network="Dense128", epochs=1, batch_size=4), place / "학습"))
    return place


def test_every_command_writes_what_it_has_to_say(made: Path, tmp_path: Path, run: Run) -> None:
    data, model, pictures = made / "데이터", made / "학습", made / "그림"
    one = next((pictures / CLASSES[1]).iterdir())
    create = ("dataset", "create", pictures, "--size", 8, "--valid", 0.25)
    train = ("train", "--data", data, "--network", "Dense128", "--epochs", 1)
    for words in (
        (*create, "--out", tmp_path / "새"), ("dataset", "show", data), ("dataset", "show", data, "--rejected"),
        (*train, "--out", tmp_path / "하나"), ("evaluate", model, "--data", data),
        ("predict", model, one), ("predict", model, pictures, "--csv", tmp_path / "답.csv"), ("code", model),
        ("code", model, "--language", "ko"), ("networks",),
        ("graph", model, "--out", tmp_path / "그림.svg"),
    ):  # fmt: skip
        code, out, err = run(*words)
        assert code == 0 and out + err, (words, err)


def test_json_stays_json_with_the_names_as_they_are(made: Path, tmp_path: Path, run: Run) -> None:
    data, model = made / "데이터", made / "학습"
    _, out, _ = run("predict", model, made / "그림", "--json")
    answers = json.loads(out)
    assert {one["path"].rsplit("/", 2)[-2] for one in answers} == set(CLASSES)
    assert {top["label"] for one in answers for top in one["top"]} == set(CLASSES)
    report = json.loads(run("evaluate", model, "--data", data, "--json")[1])
    assert set(report["classes"]) == set(CLASSES)
    assert set(json.loads(run("dataset", "show", data, "--json")[1])["classes"]) == set(CLASSES)
    assert json.loads(run("networks", "--json")[1])
    trained = run("train", "--data", data, "--network", "Dense128", "--epochs", 1, "--out", tmp_path / "둘", "--json")[
        1
    ]
    assert json.loads(trained)


def test_every_help_is_written(run: Run) -> None:
    groups = {"": app, **{str(one.name): one.typer_instance for one in app.registered_groups}}
    for group, commands in groups.items():
        for command in commands.registered_commands:
            name = command.name or command.callback.__name__  # type: ignore[union-attr]
            code, out, err = run(*([group] if group else []), name, "--help")
            assert (code, err) == (0, "") and "Usage:" in out


def test_errors_are_written(run: Run, tmp_path: Path) -> None:
    code, _, err = run("predict", tmp_path / "없는 모델–", "그림.png")
    assert code == 2 and err.startswith("Error: ")
    assert run("predict", "--없는-옵션")[0] == 2
    assert run("networks", "--search", "강아지–")[0] == 1
    code, _, err = run("studio", "--token", "--home", tmp_path / "집–")
    assert code == 2 and "There is no Studio at" in err


def test_substitutes_are_plain_and_what_has_none_is_escaped() -> None:
    assert all(text.isascii() for text in SUBSTITUTES.values())
    letters = "│─┼→·–…é²ﬁ강😀"
    assert [_substitute(one) for one in letters] == [
        "|", "-", "+", "->", "|", "-", "...", "e", "2", "fi", "\\uac15", "\\U0001f600",
    ]  # fmt: skip
    assert _substitute("\udcff") == "\\udcff", "a name of a file that is no Unicode"

"""A long network is followed in stages that fold; a short one as it is."""

from typing import Any

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.explanation.sentences import SENTENCES
from glasshouse.explanation.stages import stages_of
from glasshouse.layers import Input, Network
from glasshouse.layers.vocabulary import LAYERS as L


def deep() -> Network:
    """Thirty-eight steps at three sizes: a block that looks at whole channels, padding, a branch that shrinks late."""
    start = Input((16, 16, 3))
    x: Any = L["Conv2D"](4, 3, padding="same", name="stem")(start)
    for number in range(7):
        x = L["ReLU"](name=f"relu{number}")(L["Conv2D"](4, 3, padding="same", name=f"conv{number}")(x))
    all_of_it = L["Conv2D"](4, 1, activation="sigmoid")(L["Reshape"]((1, 1, 4))(L["GlobalAveragePooling2D"]()(x)))
    x = L["Add"](name="again")([x, L["UpSampling2D"](16)(all_of_it)])
    one = L["Conv2D"](4, 3, strides=2, name="short")(L["ZeroPadding2D"](1, name="pad")(x))
    other = L["Conv2D"](4, 3, padding="same", strides=2, name="late")(L["Conv2D"](4, 1, name="wide")(x))
    x = L["Add"](name="both")([one, other])
    for number in range(7, 11):
        x = L["ReLU"](name=f"relu{number}")(L["Conv2D"](4, 3, padding="same", name=f"conv{number}")(x))
    x = L["GlobalAveragePooling2D"](name="mean")(x)
    return Network(start, L["Dense"](3, activation="softmax", name="head")(x), seed=3)


@pytest.fixture(scope="module")
def story() -> Any:
    return gh.follow(deep(), np.random.default_rng(2).random((16, 16, 3)), 1)


def test_stages_are_the_steps_in_order_and_get_smaller(story: Any) -> None:
    stages = stages_of(story.steps)
    assert [name for one in stages for name in one.names] == [step.name for step in story.steps]
    assert [one.size for one in stages] == [(16, 16), (8, 8), (1, 1)]
    assert stages[0].names[-1] == "again", "what looks at whole channels and comes back is inside its stage"
    assert stages[1].names[0] == "pad", "the padding belongs to the step that it is for"
    assert "wide" in stages[1].names, "a branch that is still larger does not cut the stage"
    assert stages[2].names == ("mean", "head")


def test_a_notebook_folds_a_long_network_and_says_each_sentence_once(story: Any) -> None:
    html = story._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 4, "three stages, and what the layers compute"
    assert html.count(SENTENCES["Conv2D"]) == 2, "alone, and with its sigmoid"
    assert html.count('<td style="') == 3 * len(story.steps), "no step is left out"
    assert "<script" not in html


def test_a_notebook_shows_a_short_network_as_it_is() -> None:
    net = Network([L["Conv2D"](2, 3), L["Flatten"](), L["Dense"](3, activation="softmax")], input_shape=(6, 6, 1))
    story = gh.follow(net, np.zeros((6, 6, 1)), 1)
    assert stages_of(story.steps) == ()
    html = story._repr_html_()
    assert "<details" not in html
    assert SENTENCES["Conv2D"] in html
    assert 'tabindex="0"' in html, "a small picture grows when it is chosen"

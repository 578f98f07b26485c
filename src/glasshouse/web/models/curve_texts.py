"""The words for what curves say: pages fill them on the server, and ``static/live.js`` fills them as curves move."""

from collections.abc import Callable, Sequence

from glasshouse.web.context.curve_reading import Remark

__all__ = ["remark_texts", "remark_words"]


def remark_words(_: Callable[[str], str]) -> dict[str, str]:
    """Return the sentences for each kind of remark, with placeholders in braces."""
    return {
        "early": _(
            "After one or two epochs the curves say little yet. The training loss should fall first, the validation "
            "loss soon after."
        ),
        "stuck": _(
            "The training loss does not fall: it is {loss}, and guessing alone costs {guess}. Try a learning rate ten "
            "times as high or as low; if that does not help, check that the labels are right."
        ),
        "jumping": _(
            "In epoch {epoch} the loss leapt to {loss}, far above the {begin} it began with: the learning rate is "
            "probably too high. Clone the model with a rate three to ten times lower, or with a warm-up."
        ),
        "memorising": _(
            "The training loss falls on, but the validation loss rises since epoch {epoch}, from {low} to {now}: the "
            "model has begun to memorise its pictures (overfitting). The best epoch is kept. More pictures, "
            "augmentation or an early stop would help."
        ),
        "underfitting": _(
            "Both losses have come to rest close together, training at {train} and validation at {valid}, where "
            "guessing costs {guess}: the model has not learned all it could (underfitting). A larger network, a "
            "higher rate or less augmentation may help."
        ),
        "improving": _(
            "The validation loss was still falling in the last epoch, {epoch}: more epochs would probably make the "
            "model better."
        ),
        "falling": _("The validation loss is falling: the model is learning what holds for new pictures too."),
        "resting": _(
            "The validation loss has come to rest; the best was {low}, in epoch {epoch}. More epochs would change "
            "little: a plateau."
        ),
        "gap": _(
            "The loss on new pictures ({valid}) is far above that on the training pictures ({train}): the model knows "
            "its own pictures much better. As long as the validation loss does not rise, that does no harm."
        ),
        "few": _(
            "Only {count} validation pictures: chance alone moves the accuracy by about {points} points. Smaller "
            "differences mean nothing."
        ),
        "unseen": _(
            "There are no validation pictures, so nothing can distinguish learning from memorising. Make the dataset "
            "with some."
        ),
    }


def remark_texts(_: Callable[[str], str], found: Sequence[Remark]) -> list[tuple[str, bool]]:
    """Return each remark as a sentence, and whether it warns."""
    words = remark_words(_)
    return [(words[one.kind].format(**one.numbers), one.warm) for one in found]

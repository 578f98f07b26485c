"""What a field of a recipe is to people, declared beside the field: its label, its help, its option, when it counts.

A field of a recipe is declared once, in the model that holds it::

    momentum: Annotated[Fraction, Setting("Momentum", "How much of the last step goes into the next one.",
                                          option=Option("--momentum", "Momentum of sgd and rmsprop (0)."),
                                          when={"name": ("sgd", "rmsprop")})] = 0.0

Name, type, range and default are the model's own. The forms, the command line, the recipe in words and the tests read
the rest (``fields.py`` puts them together). All texts are English and are what the catalogues translate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["CHANGED", "MONITORS", "SECTIONS", "Option", "Setting", "When"]

When = Mapping[str, tuple[str, ...]]
CHANGED: tuple[str, ...] = ()  # the other field differs from its default, whatever it is then

SECTIONS: Mapping[str, str] = {  # of the form of a new model, in their order
    "network": "Network",
    "course": "Course of the training",
    "rate": "Optimizer and learning rate",
    "rare": "Rarely needed",
    "augmentation": "Augmentation",
}
MONITORS: Mapping[str, str] = {"valid_loss": "Validation loss", "valid_accuracy": "Validation accuracy"}


@dataclass(frozen=True)
class Option:
    """An option of ``glasshouse train``: its name, its help, and what stands for its value (else by type: N or X)."""

    name: str
    help: str
    metavar: str = ""


@dataclass(frozen=True)
class Setting:
    """A field as people see it; of a part (``optimizer``) only ``label``, ``empty``, ``when`` and ``always`` matter.

    - ``section``: its place in the form of a new model; a field without one has its own place there, or none.
    - ``unit``: what its number counts. ``words``: the labels of its values. ``empty``: what None means.
    - ``when``: other fields of the same model (``/strategy``: of the whole recipe), each with the values that give this
      one an effect (``CHANGED``: any but the default). All must hold; of names with ``|`` between them one must.
    - ``always``: the recipe in words says it even if nobody changed it. ``alone``: on its own line there, not on
      one with its part.
    - ``swept``: a form takes several values, for a model of each.
    """

    label: str
    help: str = ""
    section: str = "rare"
    unit: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    option: Option | None = None
    when: When = field(default_factory=dict)
    always: bool = False
    alone: bool = False
    swept: bool = False

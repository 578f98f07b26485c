"""The formulas of torch's optimizers, as the class of an Optimizer that a script holds.

Each line is written in the words that torch's optimizers use on tensors, because they round once where a line of plain
arithmetic rounds two or three times: ``θ.add_(g, alpha=-η)`` is θ - η g with one rounding.
"""

from glasshouse.recipe import OptimizerRecipe

__all__ = ["FORMULAS", "optimizer_class", "optimizer_text"]

EPS = {
    "adam": 1e-8,
    "adamw": 1e-8,
    "nadam": 1e-8,
    "radam": 1e-8,
    "adamax": 1e-8,
    "rmsprop": 1e-8,
    "adagrad": 1e-10,
    "adadelta": 1e-6,
}
MOMENTS = ['m, v = kept["m"], kept["v"]', "m.lerp_(g, 1 - {b1})", "v.mul_({b2}).addcmul_(g, g, value=1 - {b2})"]
ADAM = [*MOMENTS, "θ.addcdiv_(m, (v.sqrt() / (1 - {b2} ** t) ** 0.5).add_({eps}), value=-η / (1 - {b1} ** t))"]
SQUARES = "s.mul_({rho}).addcmul_(g, g, value=1 - {rho})"
# name: (class, formula, what is kept, lines)
FORMULAS: dict[str, tuple[str, str, tuple[str, ...], list[str]]] = {
    "sgd": (
        "SGD",
        "θ ← θ - η g",
        (),
        ["θ.add_(g, alpha=-η)"],
    ),
    "adam": (
        "Adam",
        "m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)",
        ("m", "v"),
        ADAM,
    ),
    "adamw": (
        "AdamW",
        "θ ← θ - η λ θ;  m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)",
        ("m", "v"),
        ADAM,
    ),
    "nadam": (
        "NAdam",
        "Adam with Nesterov's momentum, μ(t) = β₁ (1 - 0.96^(t/250) / 2)",
        ("m", "v"),
        [
            "μ = [{b1} * (1 - 0.5 * 0.96 ** (n * 0.004)) for n in range(1, t + 2)]",
            "passed = float(math.prod(map(np.float32, μ[:-1])))",
            *MOMENTS,
            "below = (v / (1 - {b2} ** t)).sqrt_().add_({eps})",
            "θ.addcdiv_(g, below, value=-η * (1 - μ[-2]) / (1 - passed))",
            "θ.addcdiv_(m, below, value=-η * μ[-1] / (1 - passed * μ[-1]))",
        ],
    ),
    "radam": (
        "RAdam",
        "Adam whose adaptive rate is used once its variance is known",
        ("m", "v"),
        [
            *MOMENTS,
            "longest = 2 / (1 - {b2}) - 1",
            "ρ = longest - 2 * t * {b2} ** t / (1 - {b2} ** t)",
            "ahead = m / (1 - {b1} ** t) * η",
            "if ρ > 5:",
            "    r = ((ρ - 4) * (ρ - 2) * longest / ((longest - 4) * (longest - 2) * ρ)) ** 0.5",
            "    ahead = ahead * ((1 - {b2} ** t) ** 0.5 / v.sqrt().add_({eps})) * r",
            "θ -= ahead",
        ],
    ),
    "adamax": (
        "Adamax",
        "m ← β₁ m + (1 - β₁) g;  u ← max(β₂ u, |g| + ε);  θ ← θ - η / (1 - β₁ᵗ) m / u",
        ("m", "u"),
        [
            'm, u = kept["m"], kept["u"]',
            "m.lerp_(g, 1 - {b1})",
            "torch.maximum(u.mul_({b2}), g.abs().add_({eps}), out=u)",
            "θ.addcdiv_(m, u, value=-η / (1 - {b1} ** t))",
        ],
    ),
    "rmsprop": (
        "RMSprop",
        "s ← ρ s + (1 - ρ) g²;  θ ← θ - η g / (√s + ε)",
        ("s",),
        ['s = kept["s"]', SQUARES, "θ.addcdiv_(g, s.sqrt().add_({eps}), value=-η)"],
    ),
    "adagrad": (
        "AdaGrad",
        "h ← h + g²;  θ ← θ - η g / (√h + ε)",
        ("h",),
        ['h = kept["h"]', "h.addcmul_(g, g)", "θ.addcdiv_(g, h.sqrt().add_({eps}), value=-η)"],
    ),
    "adadelta": (
        "AdaDelta",
        "s ← ρ s + (1 - ρ) g²;  δ = √(d + ε) / √(s + ε) g;  d ← ρ d + (1 - ρ) δ²;  θ ← θ - η δ",
        ("s", "d"),
        [
            's, d = kept["s"], kept["d"]',
            SQUARES,
            "δ = (d + {eps}).sqrt_().div_((s + {eps}).sqrt_()).mul_(g)",
            "d.mul_({rho}).addcmul_(δ, δ, value=1 - {rho})",
            "θ.add_(δ, alpha=-η)",
        ],
    ),
}


def _formula(recipe: OptimizerRecipe) -> tuple[str, str, tuple[str, ...], list[str]]:
    """The class, the formula in letters, the names of what is kept, and the lines."""
    (name, formula, kept, lines), μ = FORMULAS[recipe.name], recipe.momentum
    if recipe.name == "sgd" and μ:
        formula, kept = "v ← μ v + g;  θ ← θ - η v", ("v",)
        ahead = f"g.add(v, alpha={μ!r})" if recipe.nesterov else "v"
        lines = ['v = kept["v"]', f"v *= {μ!r}", "v += g", f"θ.add_({ahead}, alpha=-η)"]
    if recipe.name == "rmsprop" and μ:
        formula, kept = "s ← ρ s + (1 - ρ) g²;  v ← μ v + g / (√s + ε);  θ ← θ - η v", ("s", "v")
        moved = ["v.addcdiv_(g, s.sqrt().add_({eps}))", "θ.add_(v, alpha=-η)"]
        lines = ['s, v = kept["s"], kept["v"]', *lines[1:-1], f"v *= {μ!r}", *moved]
    return name, formula, kept, lines


def optimizer_class(recipe: OptimizerRecipe) -> str:
    """The name of the class that ``optimizer_text`` writes."""
    return FORMULAS[recipe.name][0]


def optimizer_text(recipe: OptimizerRecipe, said: str) -> str:
    """The class of the recipe's optimizer; ``said`` is its docstring, with a place for the formula."""
    name, formula, kept, lines = _formula(recipe)
    eps = EPS.get(recipe.name, 0.0) if recipe.eps is None else recipe.eps
    numbers = {"b1": recipe.beta1, "b2": recipe.beta2, "rho": recipe.rho, "eps": eps}
    uses_t = any("** t" in line or "t +" in line for line in lines)
    decay = []
    if recipe.weight_decay:
        decayed = (
            f"θ *= 1 - η * {recipe.weight_decay!r}"
            if recipe.name == "adamw"
            else f"g = g.add(θ, alpha={recipe.weight_decay!r})"
        )
        decay = ["if θ.ndim > 1:", f"    {decayed}"]
    held = [f"kept = self.remember(p, {', '.join(repr(k).replace(chr(39), chr(34)) for k in kept)})"] if kept else []
    body = [
        "θ, g, η = p.data, p.grad.data, self.lr * SHARES.get(p, 1.0)",
        *(["t = self.t"] if uses_t else []),
        *decay,
        *held,
        *(line.format(**numbers) for line in lines),
    ]
    head = [
        f"class {name}(Optimizer):",
        f'    """{said.format(formula=formula)}"""',
        "",
        "    lr = 0.0",
        "",
        "    def update_one(self, p):",
    ]
    return "\n".join([*head, *(f"        {line}" for line in body)]) + "\n"

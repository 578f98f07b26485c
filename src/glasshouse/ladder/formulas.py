"""The formulas of torch's optimizers in NumPy, as the class of an Optimizer that a script holds."""

from glasshouse.recipe import OptimizerRecipe

__all__ = ["optimizer_text"]

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
MOMENTS = ['m, v = kept["m"], kept["v"]', "m += (1 - {b1}) * (g - m)", "v += (1 - {b2}) * (g * g - v)"]
# name: (class, formula, what is kept, lines)
_FORMULAS: dict[str, tuple[str, str, tuple[str, ...], list[str]]] = {
    "sgd": ("SGD", "θ ← θ - η g", (), ["θ -= η * g"]),
    "adam": (
        "Adam",
        "m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)",
        ("m", "v"),
        [*MOMENTS, "θ -= η / (1 - {b1} ** t) * m / (v**0.5 / (1 - {b2} ** t) ** 0.5 + {eps})"],
    ),
    "adamw": (
        "AdamW",
        "θ ← θ - η λ θ;  m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)",
        ("m", "v"),
        [*MOMENTS, "θ -= η / (1 - {b1} ** t) * m / (v**0.5 / (1 - {b2} ** t) ** 0.5 + {eps})"],
    ),
    "nadam": (
        "NAdam",
        "Adam with Nesterov's momentum, μ(t) = β₁ (1 - 0.96^(t/250) / 2)",
        ("m", "v"),
        [
            "μ = [{b1} * (1 - 0.5 * 0.96 ** (n * 0.004)) for n in range(1, t + 2)]",
            "passed = math.prod(μ[:-1])",
            *MOMENTS,
            "below = (v / (1 - {b2} ** t)) ** 0.5 + {eps}",
            "θ -= η * (1 - μ[-2]) / (1 - passed) * g / below",
            "θ -= η * μ[-1] / (1 - passed * μ[-1]) * m / below",
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
            "ahead = η / (1 - {b1} ** t) * m",
            "if ρ > 5:",
            "    r = ((ρ - 4) * (ρ - 2) * longest / ((longest - 4) * (longest - 2) * ρ)) ** 0.5",
            "    ahead = ahead * r * (1 - {b2} ** t) ** 0.5 / (v**0.5 + {eps})",
            "θ -= ahead",
        ],
    ),
    "adamax": (
        "Adamax",
        "m ← β₁ m + (1 - β₁) g;  u ← max(β₂ u, |g| + ε);  θ ← θ - η / (1 - β₁ᵗ) m / u",
        ("m", "u"),
        [
            'm, u = kept["m"], kept["u"]',
            "m += (1 - {b1}) * (g - m)",
            "np.maximum({b2} * u, abs(g) + {eps}, out=u)",
            "θ -= η / (1 - {b1} ** t) * m / u",
        ],
    ),
    "rmsprop": (
        "RMSprop",
        "s ← ρ s + (1 - ρ) g²;  θ ← θ - η g / (√s + ε)",
        ("s",),
        [
            's = kept["s"]',
            "s *= {rho}",
            "s += (1 - {rho}) * g * g",
            "θ -= η * g / (s**0.5 + {eps})",
        ],
    ),
    "adagrad": (
        "AdaGrad",
        "h ← h + g²;  θ ← θ - η g / (√h + ε)",
        ("h",),
        [
            'h = kept["h"]',
            "h += g * g",
            "θ -= η * g / (h**0.5 + {eps})",
        ],
    ),
    "adadelta": (
        "AdaDelta",
        "s ← ρ s + (1 - ρ) g²;  δ = √(d + ε) / √(s + ε) g;  d ← ρ d + (1 - ρ) δ²;  θ ← θ - η δ",
        ("s", "d"),
        [
            's, d = kept["s"], kept["d"]',
            "s *= {rho}",
            "s += (1 - {rho}) * g * g",
            "δ = ((d + {eps}) / (s + {eps})) ** 0.5 * g",
            "d *= {rho}",
            "d += (1 - {rho}) * δ * δ",
            "θ -= η * δ",
        ],
    ),
}


def optimizer_text(recipe: OptimizerRecipe, said: str) -> str:
    """The class of the recipe's optimizer; ``said`` is its docstring, with a place for the formula."""
    name, formula, kept, lines = _FORMULAS[recipe.name]
    if recipe.name == "sgd" and recipe.momentum:
        formula, kept = "v ← μ v + g;  θ ← θ - η v", ("v",)
        ahead = f"g + {recipe.momentum!r} * v" if recipe.nesterov else "v"
        lines = ['v = kept["v"]', f"v *= {recipe.momentum!r}", "v += g", f"θ -= η * ({ahead})"]
    if recipe.name == "rmsprop" and recipe.momentum:
        formula, kept = "s ← ρ s + (1 - ρ) g²;  v ← μ v + g / (√s + ε);  θ ← θ - η v", ("s", "v")
        lines = [
            's, v = kept["s"], kept["v"]',
            *lines[1:3],
            f"v *= {recipe.momentum!r}",
            "v += g / (s**0.5 + {eps})",
            "θ -= η * v",
        ]
    eps = EPS.get(recipe.name, 0.0) if recipe.eps is None else recipe.eps
    numbers = {"b1": recipe.beta1, "b2": recipe.beta2, "rho": recipe.rho, "eps": eps}
    uses_t = any("** t" in line or "t +" in line for line in lines)
    decay = []
    if recipe.weight_decay:
        decayed = (
            f"θ *= 1 - η * {recipe.weight_decay!r}"
            if recipe.name == "adamw"
            else f"g = g + {recipe.weight_decay!r} * θ"
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

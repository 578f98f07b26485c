"""What an optimiser does with one weight, with its numbers: the formulas of torch's optimisers, one by one.

w the weight, g its derivative, λ weight decay, lr the learning rate, t the number of the step, m v … what is kept

Sources: the papers that torch's documentation names for each; the tests hold these formulas against torch's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

from glasshouse.recipe import OptimizerRecipe

__all__ = ["FORMULAS", "Line", "Update", "update"]

EPS = {"adagrad": 1e-10, "adadelta": 1e-6}


@dataclass(frozen=True)
class Line:
    """One line of the calculation: ``symbol`` = ``formula`` = ``numbers`` = ``value``."""

    symbol: str
    formula: str
    numbers: str
    value: float


@dataclass(frozen=True)
class Update:
    """The weight before and after one step, and the lines between; ``kept`` is what the optimiser remembers then."""

    optimizer: str
    rate: float
    before: float
    after: float
    lines: tuple[Line, ...]
    kept: Mapping[str, float]


class _Sheet:
    """The lines as they are computed; numbers in formulas are shown short."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def put(self, symbol: str, formula: str, numbers: str, value: float) -> float:
        self.lines.append(Line(symbol, formula, numbers, value))
        return value


def update(
    recipe: OptimizerRecipe, weight: float, gradient: float, rate: float, decay: float, kept: Mapping[str, float]
) -> Update:
    """One step of the recipe's optimiser on one weight.

    Args:
        decay: the weight decay of this weight (biases have none).
        kept: what torch's optimiser holds for it, by torch's names (exp_avg, exp_avg_sq, step, …); empty at first.

    >>> update(OptimizerRecipe(name="sgd", weight_decay=0.0), 1.0, 0.5, 0.1, 0.0, {}).after
    0.95
    """
    sheet = _Sheet()
    w, g = weight, gradient
    if decay and recipe.name == "adamw":
        w = sheet.put("w", "w - lr·λ·w", f"{_n(w)} - {_n(rate)}·{_n(decay)}·{_p(w)}", w - rate * decay * w)
    elif decay:
        g = sheet.put("g", "g + λ·w", f"{_n(g)} + {_n(decay)}·{_p(w)}", g + decay * w)
    after, held = FORMULAS[recipe.name](sheet, recipe, w, g, rate, dict(kept))
    return Update(recipe.name, rate, weight, after, tuple(sheet.lines), held)


def _n(value: float) -> str:
    return f"{value:.4g}"


def _p(value: float) -> str:
    return f"({value:.4g})" if value < 0 else f"{value:.4g}"


Kept = dict[str, float]
Result = tuple[float, Kept]


def _moved(s: _Sheet, w: float, rate: float, by: float, formula: str) -> float:
    """The last line of most of them: w - lr·by."""
    return s.put("w", formula, f"{_n(w)} - {_n(rate)}·{_p(by)}", w - rate * by)


def _average(s: _Sheet, symbol: str, beta: float, before: float, now: float, letter: str, word: str) -> float:
    """symbol ← β·symbol + (1 - β)·now."""
    formula = f"{letter}·{symbol} + (1 - {letter})·{word}"
    numbers = f"{_n(beta)}·{_p(before)} + {_n(1 - beta)}·{_p(now)}"
    return s.put(symbol, formula, numbers, beta * before + (1 - beta) * now)


def _eps(recipe: OptimizerRecipe) -> float:
    return EPS.get(recipe.name, 1e-8) if recipe.eps is None else recipe.eps


def _sgd(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·g; with momentum m ← μ·m + g, w ← w - lr·m."""
    if not r.momentum:
        return _moved(s, w, rate, g, "w - lr·g"), {}
    before = kept.get("momentum_buffer", 0.0)
    m = s.put("m", "μ·m + g", f"{_n(r.momentum)}·{_p(before)} + {_p(g)}", r.momentum * before + g)
    if r.nesterov:
        d = s.put("d", "g + μ·m", f"{_n(g)} + {_n(r.momentum)}·{_p(m)}", g + r.momentum * m)
        return _moved(s, w, rate, d, "w - lr·d"), {"momentum_buffer": m}
    return _moved(s, w, rate, m, "w - lr·m"), {"momentum_buffer": m}


def _moments(s: _Sheet, r: OptimizerRecipe, g: float, kept: Kept) -> tuple[float, float, float, Kept]:
    """t, and Adam's averages of g and of g²."""
    t = kept.get("step", 0.0) + 1
    m = _average(s, "m", r.beta1, kept.get("exp_avg", 0.0), g, "β₁", "g")
    v = _average(s, "v", r.beta2, kept.get("exp_avg_sq", 0.0), g * g, "β₂", "g²")
    return t, m, v, {"step": t, "exp_avg": m, "exp_avg_sq": v}


def _root(s: _Sheet, r: OptimizerRecipe, v: float, t: float) -> float:
    """√v̂ + ε with v̂ = v / (1 - β₂ᵗ)."""
    v_hat = s.put("v̂", "v / (1 - β₂ᵗ)", f"{_n(v)} / (1 - {_n(r.beta2)}^{t:.0f})", v / (1 - r.beta2**t))
    return sqrt(v_hat) + _eps(r)


def _adam(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·m̂ / (√v̂ + ε); AdamW is the same after its decay of w."""
    t, m, v, held = _moments(s, r, g, kept)
    m_hat = s.put("m̂", "m / (1 - β₁ᵗ)", f"{_n(m)} / (1 - {_n(r.beta1)}^{t:.0f})", m / (1 - r.beta1**t))
    root = _root(s, r, v, t)
    numbers = f"{_n(w)} - {_n(rate)}·{_p(m_hat)} / {_n(root)}"
    return s.put("w", "w - lr·m̂ / (√v̂ + ε)", numbers, w - rate * m_hat / root), held


def _nadam(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·((1 - μₜ)·g / (1 - Πμ) + μₜ₊₁·m / (1 - Πμ·μₜ₊₁)) / (√v̂ + ε), with torch's momentum decay 0.004."""
    t, m, v, held = _moments(s, r, g, kept)
    now, later = (r.beta1 * (1 - 0.5 * 0.96 ** (n * 0.004)) for n in (t, t + 1))
    product = s.put("Πμ", "Πμ·μₜ", f"{_n(kept.get('mu_product', 1.0))}·{_n(now)}", kept.get("mu_product", 1.0) * now)
    root = _root(s, r, v, t)
    a, b = (1 - now) / (1 - product), later / (1 - product * later)
    d = s.put("d", "(1-μₜ)/(1-Πμ)·g + μₜ₊₁/(1-Πμ·μₜ₊₁)·m", f"{_n(a)}·{_p(g)} + {_n(b)}·{_p(m)}", a * g + b * m)
    numbers = f"{_n(w)} - {_n(rate)}·{_p(d)} / {_n(root)}"
    return s.put("w", "w - lr·d / (√v̂ + ε)", numbers, w - rate * d / root), {**held, "mu_product": product}


def _radam(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·m̂, times r·√(1 - β₂ᵗ) / (√v + ε) once the variance of v is known (ρₜ > 5)."""
    t, m, v, held = _moments(s, r, g, kept)
    m_hat = s.put("m̂", "m / (1 - β₁ᵗ)", f"{_n(m)} / (1 - {_n(r.beta1)}^{t:.0f})", m / (1 - r.beta1**t))
    far = 2 / (1 - r.beta2) - 1
    rho = far - 2 * t * r.beta2**t / (1 - r.beta2**t)
    s.put("ρₜ", "ρ - 2t·β₂ᵗ / (1 - β₂ᵗ)", f"{_n(far)} - {_n(far - rho)}", rho)
    if rho <= 5:
        return _moved(s, w, rate, m_hat, "w - lr·m̂"), held
    rect = sqrt((rho - 4) * (rho - 2) * far / ((far - 4) * (far - 2) * rho))
    scale = rect * sqrt(1 - r.beta2**t) / (sqrt(v) + _eps(r))
    s.put("a", "r·√(1 - β₂ᵗ) / (√v + ε)", f"{_n(rect)}·{_n(sqrt(1 - r.beta2**t))} / {_n(sqrt(v) + _eps(r))}", scale)
    return s.put("w", "w - lr·m̂·a", f"{_n(w)} - {_n(rate)}·{_p(m_hat)}·{_n(scale)}", w - rate * m_hat * scale), held


def _adamax(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr / (1 - β₁ᵗ)·m / u, with u ← max(β₂·u, |g| + ε)."""
    t = kept.get("step", 0.0) + 1
    m = _average(s, "m", r.beta1, kept.get("exp_avg", 0.0), g, "β₁", "g")
    before = kept.get("exp_inf", 0.0)
    numbers = f"max({_n(r.beta2)}·{_n(before)}, {_n(abs(g))} + {_n(_eps(r))})"
    u = s.put("u", "max(β₂·u, |g| + ε)", numbers, max(r.beta2 * before, abs(g) + _eps(r)))
    after = w - rate / (1 - r.beta1**t) * m / u
    numbers = f"{_n(w)} - {_n(rate)} / {_n(1 - r.beta1**t)}·{_p(m)} / {_n(u)}"
    return s.put("w", "w - lr / (1 - β₁ᵗ)·m / u", numbers, after), {"step": t, "exp_avg": m, "exp_inf": u}


def _rmsprop(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·g / (√v + ε), with v ← ρ·v + (1 - ρ)·g²; with momentum m ← μ·m + g / (√v + ε), w ← w - lr·m."""
    v = _average(s, "v", r.rho, kept.get("square_avg", 0.0), g * g, "ρ", "g²")
    root, held = sqrt(v) + _eps(r), {"square_avg": v}
    if not r.momentum:
        numbers = f"{_n(w)} - {_n(rate)}·{_p(g)} / {_n(root)}"
        return s.put("w", "w - lr·g / (√v + ε)", numbers, w - rate * g / root), held
    before = kept.get("momentum_buffer", 0.0)
    numbers = f"{_n(r.momentum)}·{_p(before)} + {_p(g)} / {_n(root)}"
    m = s.put("m", "μ·m + g / (√v + ε)", numbers, r.momentum * before + g / root)
    return _moved(s, w, rate, m, "w - lr·m"), {**held, "momentum_buffer": m}


def _adagrad(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·g / (√v + ε), with v ← v + g²."""
    before = kept.get("sum", 0.0)
    v = s.put("v", "v + g²", f"{_n(before)} + {_n(g * g)}", before + g * g)
    root = sqrt(v) + _eps(r)
    numbers = f"{_n(w)} - {_n(rate)}·{_p(g)} / {_n(root)}"
    return s.put("w", "w - lr·g / (√v + ε)", numbers, w - rate * g / root), {"sum": v}


def _adadelta(s: _Sheet, r: OptimizerRecipe, w: float, g: float, rate: float, kept: Kept) -> Result:
    """w ← w - lr·Δ, with Δ = √(a + ε) / √(v + ε)·g and a the average of Δ²."""
    v = _average(s, "v", r.rho, kept.get("square_avg", 0.0), g * g, "ρ", "g²")
    a, eps = kept.get("acc_delta", 0.0), _eps(r)
    numbers = f"√({_n(a)} + {_n(eps)}) / √({_n(v)} + {_n(eps)})·{_p(g)}"
    d = s.put("Δ", "√(a + ε) / √(v + ε)·g", numbers, sqrt(a + eps) / sqrt(v + eps) * g)
    a = _average(s, "a", r.rho, a, d * d, "ρ", "Δ²")
    return _moved(s, w, rate, d, "w - lr·Δ"), {"square_avg": v, "acc_delta": a}


FORMULAS: dict[str, Callable[[_Sheet, OptimizerRecipe, float, float, float, Kept], Result]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "nadam": _nadam,
    "radam": _radam,
    "adamax": _adamax,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
}

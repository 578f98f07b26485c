"""The form of a new model, and what is known before it runs: presets, estimates, rates, augmented pictures."""

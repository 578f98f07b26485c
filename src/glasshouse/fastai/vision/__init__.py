"""``fastai.vision``: see `glasshouse.fastai.vision.all`."""

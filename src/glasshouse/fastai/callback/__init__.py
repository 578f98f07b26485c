"""``fastai.callback``: settings of a training that fastai writes as callbacks."""

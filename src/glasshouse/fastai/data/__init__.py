"""``fastai.data``: where pictures are, and what their names say."""

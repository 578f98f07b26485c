"""fastai's names for pictures, over the Learner: write ``glasshouse.`` in front of the import of a fastai program.

    from glasshouse.fastai.vision.all import *

    path = untar_data("pets")
    dls = ImageDataLoaders.from_name_func(path, get_image_files(path), is_cat, item_tfms=Resize(224))
    learn = vision_learner(dls, resnet34, metrics=error_rate)
    learn.fine_tune(1)

Only names and adapters: the dataset, the training and the model are Glasshouse's own. Importing this loads no torch.
docs/from-fastai.md tells what differs.
"""

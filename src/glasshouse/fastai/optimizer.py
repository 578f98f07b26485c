"""``fastai.optimizer``: optimizers by their names, to be given as ``opt_func``."""

__all__ = ["SGD", "Adam", "RAdam", "RMSProp"]

Adam = "adamw"
RAdam = "radam"
RMSProp = "rmsprop"
SGD = "sgd"

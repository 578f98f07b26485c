"""Architectures by fastai's names; each is the name of a network that ``vision_learner`` takes."""

__all__ = [
    "alexnet",
    "densenet121",
    "densenet169",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "squeezenet1_0",
    "vgg16",
    "vgg19",
    "xception",
]  # fmt: skip

alexnet = "alexnet"
densenet121 = "densenet121"
densenet169 = "densenet169"
efficientnet_b0 = "efficientnet_b0"
googlenet = "googlenet"
inception_v3 = "inception_v3"
mobilenet_v2 = "mobilenet_v2"
resnet18 = "resnet18"
resnet34 = "resnet34"
resnet50 = "resnet50"
resnet101 = "resnet101"
resnet152 = "resnet152"
squeezenet1_0 = "squeezenet1_0"
vgg16 = "vgg16"
vgg19 = "vgg19"
xception = "Xception"

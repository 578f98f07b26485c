"""The layers that tests hold against Keras and against the other engine: pure data, read by Keras' interpreter too."""

PICTURE = (7, 6, 4)

# name: (layer, settings, shapes of the inputs without N)
CASES = {
    "dense": ("Dense", {"units": 5, "activation": "relu"}, [(6,)]),
    "dense_no_bias": ("Dense", {"units": 5, "use_bias": False, "activation": "softmax"}, [(6,)]),
    "dense_on_pictures": ("Dense", {"units": 3, "activation": "softmax"}, [(4, 3, 2)]),
    "dense_on_rows": ("Dense", {"units": 3}, [(4, 5)]),
    "flatten": ("Flatten", {}, [(4, 3, 2)]),
    "reshape": ("Reshape", {"target_shape": (4, -1)}, [(4, 3, 2)]),
    "reshape_to_pictures": ("Reshape", {"target_shape": (3, 4, 2)}, [(24,)]),
    "conv": ("Conv2D", {"filters": 3, "kernel_size": 3}, [PICTURE]),
    "conv_same": ("Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "tanh"}, [PICTURE]),
    "conv_same_even": ("Conv2D", {"filters": 3, "kernel_size": (2, 4), "padding": "same"}, [PICTURE]),
    "conv_same_stride": ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [PICTURE]),
    "conv_stride_groups": ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": (2, 1), "groups": 2}, [PICTURE]),
    "conv_dilated": (
        "Conv2D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": "same", "use_bias": False}, [PICTURE],
    ),
    "depthwise": ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}, [PICTURE]),
    "depthwise_stride": ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, [PICTURE]),
    "separable": ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "activation": "elu"}, [PICTURE]),
    "separable_stride": (
        "SeparableConv2D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2},
        [PICTURE],
    ),
    "max_pooling": ("MaxPooling2D", {}, [PICTURE]),
    "max_pooling_same": ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [PICTURE]),
    "max_pooling_odd": ("MaxPooling2D", {"pool_size": (3, 2), "strides": (1, 3)}, [PICTURE]),
    "average_pooling": ("AveragePooling2D", {"pool_size": (2, 3)}, [PICTURE]),
    "average_pooling_same": ("AveragePooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}, [PICTURE]),
    "global_average": ("GlobalAveragePooling2D", {}, [PICTURE]),
    "global_max": ("GlobalMaxPooling2D", {"keepdims": True}, [PICTURE]),
    "up_sampling": ("UpSampling2D", {}, [PICTURE]),
    "up_sampling_bilinear": ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, [PICTURE]),
    "conv_transpose": ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "activation": "relu"}, [PICTURE]),
    "conv_transpose_stride": ("Conv2DTranspose", {"filters": 3, "kernel_size": (3, 2), "strides": (2, 3)}, [PICTURE]),
    "conv_transpose_same": (
        "Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, [PICTURE],
    ),
    "conv_transpose_same_odd": (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": (4, 2), "strides": (1, 3), "padding": "same", "use_bias": False}, [PICTURE],
    ),
    "layer_norm": ("LayerNormalization", {}, [PICTURE]),
    "layer_norm_rows": ("LayerNormalization", {"epsilon": 0.01, "scale": False}, [(6,)]),
    "batch_norm": ("BatchNormalization", {}, [PICTURE]),
    "batch_norm_rows": ("BatchNormalization", {"momentum": 0.9, "scale": False}, [(6,)]),
    "batch_norm_no_center": ("BatchNormalization", {"epsilon": 0.01, "center": False}, [PICTURE]),
    "padding": ("ZeroPadding2D", {"padding": ((1, 2), (0, 3))}, [PICTURE]),
    "cropping": ("Cropping2D", {"cropping": ((1, 2), (0, 3))}, [PICTURE]),
    "rescaling": ("Rescaling", {"scale": 0.5, "offset": -1.0}, [PICTURE]),
    "add": ("Add", {}, [PICTURE, PICTURE]),
    "subtract": ("Subtract", {}, [(5,), (5,)]),
    "multiply": ("Multiply", {}, [PICTURE, PICTURE]),
    "average": ("Average", {}, [(5,), (5,), (5,)]),
    "maximum": ("Maximum", {}, [(5,), (5,)]),
    "concatenate": ("Concatenate", {}, [(4, 3, 2), (4, 3, 5)]),
    "concatenate_rows": ("Concatenate", {"axis": 1}, [(4, 3, 2), (1, 3, 2)]),
    "relu": ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, [(20,)]),
    "relu6": ("ReLU", {"max_value": 6.0}, [(20,)]),
    "leaky_relu": ("LeakyReLU", {}, [PICTURE]),
    "elu": ("ELU", {"alpha": 0.7}, [(20,)]),
    "softmax": ("Softmax", {}, [PICTURE]),
    "softmax_rows": ("Softmax", {"axis": 1}, [PICTURE]),
    "dropout": ("Dropout", {"rate": 0.5}, [(5,)]),
    "spatial_dropout": ("SpatialDropout2D", {"rate": 0.5}, [PICTURE]),
    **{
        f"activation_{word}": ("Activation", {"activation": word}, [(20,)])
        for word in (
            "elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "linear", "log_softmax", "relu", "relu6",
            "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh",
        )
    },
}  # fmt: skip
TRAINED = {"batch_norm", "batch_norm_rows", "batch_norm_no_center"}  # checked in training too
OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "sgd_clipnorm": ("SGD", {"clipnorm": 0.3}),
    "sgd_global_clipnorm": ("SGD", {"global_clipnorm": 0.3}),
    "sgd_clipvalue": ("SGD", {"clipvalue": 0.05}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_centered": ("RMSprop", {"momentum": 0.5, "centered": True, "rho": 0.8}),
    "adam": ("Adam", {}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True, "weight_decay": 0.01}),
    "adamw": ("AdamW", {}),
    "nadam": ("Nadam", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
}
LOSSES = {
    "sparse": ("sparse_categorical_crossentropy", "softmax", {}),
    "sparse_logits": ("sparse_categorical_crossentropy", None, {"from_logits": True}),
    "categorical": ("categorical_crossentropy", "softmax", {}),
    "categorical_smooth": ("categorical_crossentropy", "softmax", {"label_smoothing": 0.1}),
    "binary": ("binary_crossentropy", "sigmoid", {}),
    "binary_logits": ("binary_crossentropy", None, {"from_logits": True}),
    "squared": ("mean_squared_error", None, {}),
    "absolute": ("mean_absolute_error", None, {}),
    "huber": ("huber", None, {"delta": 0.5}),
    "divergence": ("kl_divergence", "softmax", {}),
}
INITIALIZERS = (
    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "random_normal",
    "random_uniform", "truncated_normal", "zeros", "ones",
)  # fmt: skip
# a small convolutional network, and how it is trained: (layer, settings)
CURVE = [
    ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu", "padding": "same", "strides": 2}),
    ("BatchNormalization", {"momentum": 0.9}),
    ("MaxPooling2D", {}),
    ("Flatten", {}),
    ("Dense", {"units": 8, "activation": "relu"}),
    ("Dense", {"units": 3, "activation": "softmax"}),
]
# one with penalties of weights and outputs, and with the layers that make pictures larger
PENALIZED = [
    ("Conv2D", {"filters": 3, "kernel_size": 3, "activation": "relu", "kernel_regularizer": "l2",
                "activity_regularizer": "l1"}),
    ("SeparableConv2D", {"filters": 2, "kernel_size": 2, "strides": 2, "depthwise_regularizer": "l2",
                         "pointwise_regularizer": "l1"}),
    ("LayerNormalization", {}),
    ("UpSampling2D", {}),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "bias_regularizer": "l2"}),
    ("Flatten", {}),
    ("Dense", {"units": 3, "activation": "softmax", "kernel_regularizer": "l1", "activity_regularizer": "l2"}),
]  # fmt: skip
CURVE_SHAPE, CURVE_COUNT = (10, 10, 1), 50
CURVE_FIT = {"batch_size": 8, "epochs": 4, "validation_split": 0.25, "shuffle": False, "class_weight": {0: 2.0, 2: 0.5}}


def arrays(rng, shapes):
    """Random arrays, the same for everyone who asks with the same generator."""
    return [rng.standard_normal(shape).astype("float32") for shape in shapes]


def curve_data(rng):
    """Pictures that can be told apart, and their labels."""
    y = rng.integers(0, 3, CURVE_COUNT)
    x = rng.standard_normal((CURVE_COUNT, *CURVE_SHAPE)).astype("float32") + y[:, None, None, None] * 0.7
    return x.astype("float32"), y


def one_hot(y, classes):
    """Rows with a 1 at the label."""
    return [[float(label == k) for k in range(classes)] for label in y]

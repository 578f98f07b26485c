"""How other programs bring a picture to a model's size and ask its ONNX file: a short script in Python and JavaScript.

Programs resize differently, so the resizing is no part of the file. What the Python script makes of a picture differs
from what the model sees by at most one of 255 grey levels (Pillow rounds elsewhere); JavaScript has the model's bits.
"""

from glasshouse.data.decoding.preprocess import Preprocessing

__all__ = ["javascript_reference", "python_reference"]

_PYTHON = """\
{imports}
import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def prepare(path):
    \"\"\"A picture as the network wants it: uint8 (1, {H}, {W}, {C}).\"\"\"
    picture = ImageOps.exif_transpose(Image.open(path)).convert("{mode}")
{steps}
    return np.asarray(picture){gray}[None]


session = onnxruntime.InferenceSession("{file}")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
(probabilities,) = session.run(["probabilities"], {{"pictures": prepare("{picture}")}})
best = probabilities[0].argmax()
print(classes[best], f"{{probabilities[0, best]:.1%}}")
"""
_SQUASH = """\
    picture = picture.resize(({W}, {H}), Image.Resampling.BILINEAR)"""
_CROP = """\
    ratio = min(picture.width / {W}, picture.height / {H})
    width, height = (min(side, max(1, round(want * ratio))) for side, want in zip(picture.size, ({W}, {H})))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    picture = picture.crop((left, top, left + width, top + height)).resize(({W}, {H}), Image.Resampling.BILINEAR)"""
_CENTRED = """\
    ratio = {ratio}
    width, height = (max(1, round(side / ratio)) for side in picture.size)
    scaled = picture.resize((width, height), Image.Resampling.BILINEAR)
    picture = Image.new("{mode}", ({W}, {H}))
    picture.paste(scaled, (int(({W} - width) / 2), int(({H} - height) / 2)))"""
_RATIOS = {
    "pad": "max(picture.width / {W}, picture.height / {H})",
    "half-crop": "(picture.width / {W} + picture.height / {H}) / 2",
}
_ENCODED = """
    picture.save(encoded := io.BytesIO(), "JPEG", quality={quality})  # as the dataset stores its pictures
    picture = Image.open(encoded)"""

_JAVASCRIPT = """\
// prepare(image): an ImageData of the whole picture (canvas.getContext("2d").getImageData) as the network wants it,
// a Uint8Array of {H} rows, {W} columns and {C} {channels}.
export function prepare(image) {{
  let picture = {{ width: image.width, height: image.height, data: channels(image.data) }};
{steps}
  return picture.data;
}}

function channels(rgba) {{
  const out = new Uint8Array(rgba.length / 4 * {C});
  for (let i = 0, o = 0; i < rgba.length; i += 4) {{
{pick}
  }}
  return out;
}}

function resize(picture, width, height) {{
  const {{ width: W, height: H, data }} = picture;
  const wide = width === W ? data : along(data, W, width, H, {C}, {C}, W * {C}, width * {C});
  const out = height === H ? wide : along(wide, H, height, width, width * {C}, width * {C}, {C}, {C});
  return {{ width, height, data: out }};
}}

// Means with the weights of a triangle, in whole numbers, along one side of {C} numbers a pixel.
function along(data, length, size, lines, from, to, lineFrom, lineTo) {{
  const out = new Uint8Array(size * lines * {C});
  const scale = length / size, support = Math.max(scale, 1);
  const windows = Array.from({{ length: size }}, (_, i) => {{
    const centre = scale * (i + 0.5);
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const weights = [];
    for (let k = first; k < Math.min(Math.trunc(centre + support + 0.5), length); k++)
      weights.push(Math.max(0, 1 - Math.abs((k - centre + 0.5) / support)));
    const sum = weights.reduce((a, b) => a + b, 0);
    return {{ first, shares: weights.map((weight) => weight / sum) }};
  }});
  const most = Math.max(...windows.flatMap((one) => one.shares));
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + most * 2 ** (bits + 1)) < 32768) bits++;
  windows.forEach(({{ first, shares }}, i) => {{
    const whole = shares.map((share) => Math.trunc(0.5 + share * 2 ** bits));
    for (let line = 0; line < lines; line++)
      for (let c = 0; c < {C}; c++) {{
        let total = 2 ** (bits - 1);
        for (let k = 0; k < whole.length; k++) total += whole[k] * data[(first + k) * from + line * lineFrom + c];
        out[i * to + line * lineTo + c] = Math.min(255, Math.floor(total / 2 ** bits));
      }}
  }});
  return out;
}}
{more}"""
_JS_ASK = """
// With onnxruntime-web or onnxruntime-node as ort:
//   const session = await ort.InferenceSession.create("{file}");
//   const pictures = new ort.Tensor("uint8", prepare(image), [1, {H}, {W}, {C}]);
//   const {{ probabilities }} = await session.run({{ pictures }});
"""
_JS_SQUASH = "  picture = resize(picture, {W}, {H});"
_JS_CROP = """\
  const ratio = Math.min(picture.width / {W}, picture.height / {H});
  const width = Math.min(picture.width, Math.max(1, even({W} * ratio)));
  const height = Math.min(picture.height, Math.max(1, even({H} * ratio)));
  picture = centred(picture, width, height);
  picture = resize(picture, {W}, {H});"""
_JS_CENTRED = """\
  const ratio = {ratio};
  picture = resize(picture, Math.max(1, even(picture.width / ratio)), Math.max(1, even(picture.height / ratio)));
  picture = centred(picture, {W}, {H});"""
_JS_CENTRE = """
// The middle of a picture at a size; black where it is too small.
function centred(picture, width, height) {{
  const {{ width: W, height: H, data }} = picture, out = new Uint8Array(width * height * {C});
  const left = Math.trunc((width - W) / 2), top = Math.trunc((height - H) / 2);
  for (let y = Math.max(0, top); y < Math.min(height, top + H); y++)
    for (let x = Math.max(0, left); x < Math.min(width, left + W); x++)
      for (let c = 0; c < {C}; c++)
        out[(y * width + x) * {C} + c] = data[((y - top) * W + (x - left)) * {C} + c];
  return {{ width, height, data: out }};
}}

// Halves go to the even neighbour, as in Python.
function even(x) {{
  const down = Math.floor(x), rest = x - down;
  return rest === 0.5 ? down + (down % 2) : Math.round(x);
}}
"""


def python_reference(preprocessing: Preprocessing, file: str, picture: str = "picture.jpg") -> str:
    """Return a script for Pillow and onnxruntime that prints the class of the picture ``picture``."""
    words = _words(preprocessing, file) | {"picture": picture}
    mode = preprocessing.resize
    if mode in _RATIOS:
        steps = _CENTRED.format(**words, ratio=_RATIOS[mode].format(**words))
    else:
        steps = (_CROP if mode == "crop" else _SQUASH).format(**words)
    encoded = preprocessing.encoding == "jpeg"
    steps += _ENCODED.format(**words) if encoded else ""
    return _PYTHON.format(**words, steps=steps, imports="import io\nimport json\n" if encoded else "import json\n")


def javascript_reference(preprocessing: Preprocessing, file: str) -> str:
    """Return a module with ``prepare(image)``, and in a comment how to ask the file with it.

    A dataset's JPEG encoding is left out: its differences are of a few grey levels.
    """
    words, mode = _words(preprocessing, file), preprocessing.resize
    if mode in _RATIOS:
        ratio = _RATIOS[mode].format(**words).replace("max(", "Math.max(")
        steps = _JS_CENTRED.format(**words, ratio=ratio)
    else:
        steps = (_JS_CROP if mode == "crop" else _JS_SQUASH).format(**words)
    more = ("" if mode == "squash" else _JS_CENTRE.format(**words)) + _JS_ASK.format(**words)
    luma = "    out[o++] = (19595 * rgba[i] + 38470 * rgba[i + 1] + 7471 * rgba[i + 2] + 32768) >> 16;"
    colours = "    out[o++] = rgba[i]; out[o++] = rgba[i + 1]; out[o++] = rgba[i + 2];"
    pick = luma if preprocessing.channels == 1 else colours
    return _JAVASCRIPT.format(**words, steps=steps, more=more, pick=pick)


def _words(p: Preprocessing, file: str) -> dict[str, object]:
    gray = p.channels == 1
    return {
        "W": p.width, "H": p.height, "C": p.channels, "mode": "L" if gray else "RGB", "quality": p.quality,
        "gray": "[..., None]" if gray else "", "file": file, "channels": "channel" if gray else "channels",
    }  # fmt: skip

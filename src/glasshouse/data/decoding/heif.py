"""HEIC and HEIF, as iPhones take photos, through pi-heif (libheif and libde265), which is loaded when first needed."""

from io import BytesIO

from PIL import Image

from glasshouse.errors import PictureError

__all__ = ["heif_exif", "is_heif", "open_heif"]

_HEVC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}


def is_heif(data: bytes) -> bool:
    """Return whether ``data`` begins as an HEIF file with HEVC pictures; AVIF, the same box with AV1, is Pillow's."""
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, length, 4))}
    return bool(brands & _HEVC) or (bool(brands & {b"mif1", b"msf1"}) and not brands & {b"avif", b"avis"})


def open_heif(data: bytes, pixel_limit: int) -> Image.Image:
    """Return the primary picture of an HEIF file, decoded to 8 bits, upright.

    libheif turns and mirrors it as the file says, so that the orientation in its EXIF part, which says the same, must
    not be applied again.

    Raises:
        PictureError: more pixels than ``pixel_limit``; nothing is decoded then.
        Exception: whatever the decoder raises of damaged files.
    """
    import pi_heif

    file = pi_heif.open_heif(BytesIO(data))
    image = file[file.primary_index]
    width, height = image.size
    if width * height > pixel_limit:
        raise PictureError(
            "{width} x {height} = {width2} pixels, the limit is {pixel_limit}",
            width=width,
            height=height,
            width2=f"{width * height:,}",
            pixel_limit=f"{pixel_limit:,}",
        )
    pixels = image.data  # decodes; the size is then that of the pixels
    return Image.frombytes(image.mode, image.size, pixels, "raw", image.mode, image.stride)


def heif_exif(data: bytes) -> Image.Exif:
    """Return the EXIF part of an HEIF file's primary picture, empty if there is none."""
    import pi_heif

    file = pi_heif.open_heif(BytesIO(data))
    exif = Image.Exif()
    exif.load(file[file.primary_index].info.get("exif") or b"")
    return exif

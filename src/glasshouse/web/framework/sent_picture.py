"""A picture that a person sent: looked at by a process that may be ended, never by the server."""

from glasshouse.data.decoding.picture import decode
from glasshouse.web.framework.children import Asked
from glasshouse.web.framework.pictures import SHOWN_LIMIT, data_address, shrunk
from glasshouse.web.framework.reading import readers

__all__ = ["answer_sent", "check_picture", "shown_picture"]


def shown_picture(picture: bytes, side: int) -> str:
    """Return a picture's file as a ``data:`` address, its longer side at most ``side`` pixels.

    Raises:
        PictureError: it cannot be read; the text is the reason.
    """
    told, _ = readers().ask("sent", {"side": side}, picture)
    return str(told)


def check_picture(picture: bytes) -> None:
    """Refuse a file that is no picture.

    Raises:
        PictureError: it cannot be read; the text is the reason.
    """
    readers().ask("sent", {"side": 1}, picture)


def answer_sent(asked: Asked, blob: bytes) -> tuple[object, bytes]:
    """Return what ``shown_picture`` asks for: in the process that may read the picture."""
    return data_address(shrunk(decode(blob, "rgb", SHOWN_LIMIT), int(asked["side"]))), b""

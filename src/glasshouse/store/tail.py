"""A file of lines of JSON that another process appends to, read on from where the last look ended."""

import json
import math
from pathlib import Path
from typing import Any

__all__ = ["Tail"]

REMEMBERED = 64  # bytes before the end, by which a file that was cut off and grew again is recognised


class Tail:
    """Reads each whole line of the file at ``path`` once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._end = b""

    def read(self) -> tuple[bool, list[dict[str, Any]]]:
        """Return whether the file began anew, and the lines that are new; a file that is not there is empty.

        Numbers that are not finite become None, since JSON has no word for them.
        """
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            size = 0
        if size == self._offset:
            return False, []
        anew, block = self._block(size)
        whole = block[: block.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._end = (self._end + whole)[-REMEMBERED:]
        found = [_line(line) for line in whole.splitlines()]
        return anew, [line for line in found if line is not None]

    def _block(self, size: int) -> tuple[bool, bytes]:
        """Return what lies behind the last line that was read, or all of it where that line is gone."""
        if size == 0:
            self._offset, self._end = 0, b""
            return True, b""
        with self.path.open("rb") as file:
            file.seek(max(0, self._offset - len(self._end)))
            if size >= self._offset and file.read(len(self._end)) == self._end:
                return False, file.read(size - self._offset)
            self._offset, self._end = 0, b""
            file.seek(0)
            return True, file.read(size)


def _line(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in data.items()}

"""The process that reads pictures, archives and tables of strangers for one that must not, one request at a time.

A module that calls ``serve`` with its tasks is such a process: ``python -m MODULE PARENT MEMORY``. See ``readers`` for
the side that asks. It holds nothing that is not in its parent's hands too: it may be ended at any moment.
"""

import json
import os
import shutil
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from glasshouse.errors import GlasshouseError, RecipeError
from glasshouse.messages import with_messages, with_parts
from glasshouse.store.limits import limit_memory, limit_seconds, limit_the_rest

__all__ = ["Answer", "Task", "read_frame", "serve", "write_frame"]

MOST = 1 << 30
HEAD = struct.Struct(">QQ")  # bytes of the JSON text, and of what follows it
Answer = tuple[Any, bytes]
Task = Callable[[Mapping[str, Any], bytes], Answer]


def serve(tasks: Mapping[str, Task]) -> None:
    """Answer what comes on the input until it is closed, within the limits of the command line."""
    parent, memory = int(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    limit_the_rest()
    limit_memory(memory)
    while (frame := read_frame(source)) is not None:
        request, blob = frame
        limit_seconds(float(request["seconds"]))
        told, answer = _answered(tasks, request, blob)
        write_frame(target, told, answer)
    shutil.rmtree(os.environ.get("TMPDIR", "") or "/nowhere", ignore_errors=True)


def _answered(tasks: Mapping[str, Task], request: Mapping[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        told, answer = tasks[request["task"]](request["request"], blob)
    except MemoryError:
        return {"error": "MemoryError", "message": ""}, b""
    except RecipeError as error:
        problems = [{"field": one.field, "message": one.message} for one in error.problems]
        return {"error": "RecipeError", "message": str(error), "problems": problems}, b""
    except GlasshouseError as error:
        return {"error": type(error).__name__, "message": str(error)}, b""
    except Exception as error:  # noqa: BLE001  (whatever a decoder raises is reported; the next request must be answered)
        return {"error": "Exception", "message": f"{type(error).__name__}: {error}"[:500]}, b""
    return {"told": told}, answer


def read_frame(source: BinaryIO) -> tuple[Any, bytes] | None:
    """Return the next message and the bytes beside it; None if the other side has closed."""
    head = source.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    text, blob = HEAD.unpack(head)
    if text > MOST or blob > MOST:
        return None
    return with_messages(json.loads(source.read(text))), source.read(blob)


def write_frame(target: BinaryIO, message: Any, blob: bytes) -> None:
    """Send a message with the bytes beside it."""
    text = json.dumps(with_parts(message)).encode()
    target.write(HEAD.pack(len(text), len(blob)) + text)
    target.write(blob)
    target.flush()


def _watch(parent: int) -> None:
    """End this process, its temporary files removed, when the one that asks was killed."""
    while os.getppid() == parent:
        time.sleep(0.5)
    shutil.rmtree(os.environ.get("TMPDIR", "") or "/nowhere", ignore_errors=True)
    os._exit(1)

"""Write the lock files from pyproject.toml: pins with hashes, no addresses.

    python tools/lock.py            needs uv on the PATH; keeps the versions that are locked
    python tools/lock.py --upgrade  takes the newest versions

Four files: what Glasshouse needs to run, what its tests need besides, the CUDA libraries that the torch of Linux' usual
registry needs and its CPU build does not, and the pip that installs them (three times as fast as that of Python 3.11).
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = "2.13.0"
TORCHVISION = "0.28.0"
CPU_BUILD_HASHES = [
    "sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
]  # torch 2.13.0+cpu, cp311, manylinux_2_28_x86_64
CUDA = re.compile(r"^(nvidia-|cuda-|triton)")
LOCKS = ("requirements.lock", "requirements-cuda.lock", "requirements-dev.lock")


def compile_lock(arguments: list[str], constraints: str, only: str = "") -> dict[str, str]:
    """Return the pins that uv finds, name and marker -> the lines of the pin; ``only`` locks that package alone."""
    with tempfile.TemporaryDirectory() as folder:
        limits, wanted = Path(folder, "constraints.txt"), Path(folder, "wanted.in")
        limits.write_text(constraints)
        wanted.write_text(f"{only}\n")
        source = str(wanted) if only else "pyproject.toml"
        command = ["uv", "pip", "compile", source, *arguments, "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "-q", "-c", str(limits)]
        text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    blocks = re.split(r"\n(?=\S)", text.strip())
    return {block.split(" \\", 1)[0]: block for block in blocks}


def with_cpu_build(block: str) -> str:
    return block + "".join(f" \\\n    --hash={value}" for value in CPU_BUILD_HASHES)


def write(name: str, comment: str, pins: dict[str, str]) -> None:
    Path(ROOT, name).write_text(f"# {comment}\n" + "\n".join(pins[key] for key in sorted(pins)) + "\n")
    print(f"{name}: {len(pins)} pins", file=sys.stderr)


def locked() -> str:
    """Return the pins of today's lock files as constraints, without hashes and the versions that are set above."""
    lines = [line.split(" \\", 1)[0] for name in LOCKS for line in Path(ROOT, name).read_text().splitlines()]
    return "".join(f"{line}\n" for line in lines if re.match(r"(?!torch==|torchvision==)[\w.\-]+(\[.*])?==", line))


def main() -> None:
    limits = f"torch=={TORCH}\ntorchvision=={TORCHVISION}\n" + ("" if "--upgrade" in sys.argv else locked())
    runtime = compile_lock(["--extra", "notebook"], limits)
    limits += "\n".join(runtime) + "\n"
    everything = compile_lock(["--extra", "notebook", "--group", "dev"], limits)
    cuda = {key: block for key, block in runtime.items() if CUDA.match(key)}
    run = {key: block for key, block in runtime.items() if key not in cuda}
    run = {key: with_cpu_build(block) if key.startswith("torch==") else block for key, block in run.items()}
    write("requirements.lock", "What Glasshouse runs on. Written by tools/lock.py.", run)
    write("requirements-cuda.lock", "What torch needs besides where it is not a CPU build.", cuda)
    dev = {key: block for key, block in everything.items() if key not in runtime}
    write("requirements-pip.lock", "The pip that installs the rest.", compile_lock([], "", "pip"))
    write("requirements-dev.lock", "What the tests need besides.", dev)


if __name__ == "__main__":
    main()

"""``glasshouse doctor``: what this machine has, and what to do about what it lacks."""

import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from glasshouse.cli.streams import json_text

__all__ = ["doctor"]

PACKAGES = ("torch", "torchvision", "timm", "numpy", "pillow", "simplejpeg", "pyarrow", "safetensors", "scikit-learn")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, what was found, and the next step if it is not."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


def doctor(as_json: bool = typer.Option(False, "--json", help="Print one JSON document.")) -> None:
    """Look over this machine: versions, devices, memory, disk, picture formats."""
    findings = [_python(), *_packages(), _networks(), *_devices(), _memory(), _disk(), _formats()]
    if as_json:
        print(json_text([asdict(finding) for finding in findings], indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'LOOK'}  {finding.name:<{width}}  {finding.found}")
            if finding.next_step:
                print(f"      {'':<{width}}  -> {finding.next_step}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("Python", ok, found, "" if ok else "install Python 3.11 or later")


def _packages() -> list[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    findings = []
    for name in PACKAGES:
        try:
            findings.append(Finding(name, True, version(name)))
        except PackageNotFoundError:
            findings.append(Finding(name, False, "missing", f"pip install {name}"))
    return findings


def _networks() -> Finding:
    try:
        from glasshouse.networks.catalogue import CATALOGUE
        from glasshouse.networks.timm_networks import timm_names

        return Finding("networks", True, f"{len(CATALOGUE)} in the catalogue, {len(timm_names())} of timm")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an installed library is what is asked for
        return Finding("networks", False, f"{type(error).__name__}: {error}", "set up again with: make clean setup")


def _devices() -> list[Finding]:
    import torch

    findings = [
        Finding("processor", True, f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}")
    ]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        findings.append(Finding(f"cuda:{index}", True, f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"))
    if torch.backends.mps.is_available():
        findings.append(Finding("mps", True, "Apple's graphics processor"))
    if len(findings) == 1:
        findings.append(Finding("accelerator", True, "none; the strategy features is the quick one here"))
    return findings


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    ok = memory.available > 2 * 2**30
    found = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"
    return Finding("memory", ok, found, "" if ok else "close other programs, or train with a smaller --batch-size")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    ok = free > 2 * 2**30
    return Finding(
        "disk here", ok, f"{free / 2**30:.1f} GiB free", "" if ok else "make room, or work in another folder"
    )


def _formats() -> Finding:
    from PIL import features

    lacking = [name for name in ("jpg", "zlib", "webp", "avif", "libtiff") if not features.check(name)]
    with_heic = find_spec("pi_heif") is not None
    lacking += [] if with_heic else ["heic"]
    found = "JPEG, PNG, WebP, AVIF, TIFF, HEIC" if not lacking else f"without {', '.join(lacking)}"
    advice = "install Pillow from a wheel" if lacking and with_heic else "install pi-heif" if lacking else ""
    return Finding("picture formats", not lacking, found, advice)

"""A look at the machine: what is installed, what computes, how much room there is, and what would get in the way."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, final

from diabolo import __version__

CORE = ("torch", "numpy", "scikit-learn", "polars", "fastexcel", "narwhals", "safetensors", "pillow", "matplotlib", "typer")
LITTLE_DISK = 1e9
LITTLE_MEMORY = 1e9


@final
@dataclass
class Findings:
    """facts: (name, text) in the order of reading. problems: what some jobs stumble over. fatal: what all do."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    fatal: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"facts": dict(self.facts), "problems": self.problems, "fatal": self.fatal, "ok": not self.fatal}


def examine() -> Findings:
    """Look at everything. What is missing or broken becomes a line, never an exception."""
    found = Findings()
    found.facts.append(("diabolo", f"{__version__}, {Path(__file__).parents[1]}"))
    found.facts.append(("python", f"{platform.python_version()}, {platform.system()} {platform.machine()}, {sys.prefix}"))
    _packages(found)
    _torch(found)
    _memory(found)
    _disk(found)
    _extras(found)
    return found


def _packages(found: Findings) -> None:
    versions = {name: _version(name) for name in CORE}
    found.facts.append(("packages", ", ".join(f"{name} {v}" for name, v in versions.items() if v)))
    missing = [name for name, v in versions.items() if v is None]
    if "fastexcel" in missing:
        found.problems.append("fastexcel is not installed, so xlsx files cannot be read: pip install fastexcel")
    rest = [name for name in missing if name != "fastexcel"]
    if rest:
        found.fatal.append(f"not installed: {', '.join(rest)}. Install them with: pip install {' '.join(rest)}")


def _torch(found: Findings) -> None:
    try:
        import torch
    except Exception as problem:  # whatever a broken installation raises is what the user has to hear
        found.fatal.append(f"PyTorch cannot be imported: {type(problem).__name__}: {problem}")
        return
    from diabolo.training.device import choose_device, choose_precision

    device, why = choose_device("auto")
    dtype, because = choose_precision("auto", device)
    found.facts.append(("device", why.removeprefix("device ")))
    found.facts.append(("precision", because.removeprefix("precision ")))
    found.facts.append(("threads", f"{torch.get_num_threads()} of {_cores()} cores this process may use"))
    _devices(found, torch)
    _threads(found, torch.get_num_threads())
    if not hasattr(torch.optim, "Muon"):
        found.problems.append(f"PyTorch {torch.__version__} has no Muon (2.9 has): fully connected networks train with AdamW")
    try:
        x = torch.ones(8, 8, device=device, dtype=dtype)
        torch.from_numpy((x @ x).float().cpu().numpy())
    except Exception as problem:  # as above
        found.fatal.append(f"PyTorch cannot compute on {device}: {type(problem).__name__}: {str(problem).splitlines()[0]}")


def _devices(found: Findings, torch: Any) -> None:
    for i in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(i)
        found.facts.append((f"cuda:{i}", f"{properties.name}, {_bytes(properties.total_memory)}"))
    if torch.version.cuda is None and torch.version.hip is None and shutil.which("nvidia-smi"):
        found.problems.append(
            f"there is an NVIDIA driver, but PyTorch {torch.__version__} is built for the processor only: "
            "install a CUDA build, see https://pytorch.org/get-started"
        )
    elif torch.version.cuda and not torch.cuda.is_available():
        found.problems.append("PyTorch is built for CUDA, but finds no GPU it can use: training runs on the processor")


def _threads(found: Findings, threads: int) -> None:
    cores = _cores()
    if threads > cores:
        found.problems.append(f"PyTorch uses {threads} threads on {cores} cores, which is slow: set OMP_NUM_THREADS={cores}")
    elif threads == 1 and cores > 1:
        found.problems.append(f"PyTorch uses 1 of {cores} cores: unset OMP_NUM_THREADS, or set it to {cores}")


def _memory(found: Findings) -> None:
    total, free = memory()
    if total is None:
        found.facts.append(("memory", "unknown on this system"))
        return
    found.facts.append(("memory", _bytes(total) + ("" if free is None else f", {_bytes(free)} free")))
    if free is not None and free < LITTLE_MEMORY:
        found.problems.append(f"only {_bytes(free)} of memory are free: large data and networks may not fit")


def memory() -> tuple[float | None, float | None]:
    """Bytes of memory in all and free, None where this system does not say."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        kilobytes = {name: float(value) for name, value in re.findall(r"(\w+):\s+(\d+) kB", text)}
        return 1024 * kilobytes["MemTotal"], 1024 * kilobytes["MemAvailable"]
    except (OSError, KeyError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")), None
    except (AttributeError, ValueError, OSError):
        return None, None


def _disk(found: Findings) -> None:
    from diabolo.data.download import cache_folder

    for name, path in (("here", Path.cwd()), ("cache", cache_folder())):
        there = next(p for p in (path, *path.parents) if p.exists())
        free = shutil.disk_usage(there).free
        found.facts.append((name, f"{path}, {_bytes(free)} free"))
        if not _writable(there):
            found.problems.append(
                f"{there} cannot be written to: give models another folder with -o"
                if name == "here"
                else f"{there} cannot be written to: set DIABOLO_CACHE to a folder that can"
            )
        elif free < LITTLE_DISK:
            found.problems.append(f"only {_bytes(free)} are free in {there}")
    if own := os.environ.get("DIABOLO_DATA"):
        found.facts.append(("data", f"{own} (DIABOLO_DATA)"))
        if not Path(own).expanduser().is_dir():
            found.problems.append(f"DIABOLO_DATA names {own}, which is no folder")


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _extras(found: Findings) -> None:
    """Each extra of the installed package, and what of it is missing."""
    try:
        about = metadata.metadata("diabolo")
    except metadata.PackageNotFoundError:
        found.problems.append("diabolo runs from its source and is not installed: pip install -e .")
        return
    required = about.get_all("Requires-Dist") or []
    for extra in about.get_all("Provides-Extra") or []:
        names = [
            re.split(r"[\s<>=!~;\[(]", r, maxsplit=1)[0] for r in required if re.search(rf"extra\s*==\s*['\"]{extra}['\"]", r)
        ]
        missing = [n for n in names if _version(n) is None]
        text = "installed" if not missing else f"missing {', '.join(missing)}; pip install 'diabolo[{extra}]'"
        found.facts.append((f"extra {extra}", text))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cores() -> int:
    """The cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _bytes(count: float) -> str:
    """A number of bytes as people say it.

    >>> _bytes(2.5e9)
    '2.5 GB'
    """
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"

"""The checksum of a film's pictures: ``python -m tests.checksum SCENE``; another CPU, or other code paths of this one, give the same.

``--plain`` takes this CPU's vector extensions from NumPy, OpenBLAS, pixman and the C library, so that they compute as on an old one: an exp
of glibc's is another number in its last bit where there is no fused multiply-add.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import av


def plain() -> dict[str, str]:
    """The environment in which all of them use what every x86-64 CPU has, and pixman, which draws for cairo, not even that."""
    compiled = importlib.import_module("numpy._core._multiarray_umath")
    features = [name for name in compiled.__cpu_dispatch__ if compiled.__cpu_features__.get(name)]
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(features), "OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1",
        "PIXMAN_DISABLE": "ssse3 sse2 mmx", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-FMA,-FMA4",
    }  # fmt: skip


def checksum(scene: str, quality: str, environment: dict[str, str]) -> str:
    """CRC-32 of all decoded pictures, and how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from flashviz.cli import main; main()", "render", scene, "-q", quality]
        command += ["--source", "numpy", "--media-dir", folder]
        subprocess.run(command, check=True, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (path,) = (Path(folder) / "videos").rglob(f"{scene}.mp4")
        found = count = 0
        with av.open(str(path)) as film:
            for frame in film.decode(video=0):
                found, count = zlib.crc32(frame.to_ndarray().tobytes(), found), count + 1
    return f"{found:08x} of {count} pictures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene")
    parser.add_argument("-q", "--quality", default="l")
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    print(checksum(given.scene, given.quality, plain() if given.plain else {}))  # noqa: T201  # a script's answer


if __name__ == "__main__":
    main()

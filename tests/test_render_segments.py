"""Segments are the same bytes whenever they are made: whatever memory held, and whatever the CPU can."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from flashviz.render import segments
from flashviz.render.segments import SegmentEncoder, has_avx512, reproducible
from tests.test_render_held import OTHER, PROFILES, spec


def moving(path: Path) -> int:
    """A checksum of segments in which a square moves over a mosaic; in 854 x 480, where x264's macroblock tree was seen to differ."""
    width, height, sums = 854, 480, b""
    for seed in range(3):
        random = np.random.default_rng(seed)
        mosaic = random.integers(0, 256, (height // 8, width // 8 + 1, 4), np.uint8).repeat(8, 0).repeat(8, 1)[:, :width]
        encoder = SegmentEncoder(target=path, spec=spec(PROFILES["same"], width, height))
        for step in range(8):
            frame = mosaic.copy()
            frame[120:240, 8 * step : 8 * step + 217] = random.integers(0, 256, 4, np.uint8)
            encoder.write_frame(frame)
        encoder.finish()
        sums += path.read_bytes()
    return zlib.crc32(sums)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc fills new memory by MALLOC_PERTURB_")
def test_bytes_do_not_depend_on_what_memory_held(tmp_path: Path) -> None:
    """Without ``reproducible`` two of three fillings differ on a CPU with AVX-512 (x264 of PyAV 18.1)."""
    code = f"from pathlib import Path; from tests.test_render_segments import moving; print(moving(Path({str(tmp_path / 'a.mp4')!r})))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "MALLOC_PERTURB_": filling, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True, capture_output=True, text=True,
        ).stdout
        for filling in ("0", "1", "85", "128")
    }  # fmt: skip
    assert len(found) == 1


def test_instructions_after_avx2_are_left_alone_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of the user's own stand after ours, and x264 takes the last."""
    for has in (True, False):
        monkeypatch.setattr(segments, "has_avx512", lambda has=has: has)
        for options in (*PROFILES.values(), *OTHER.values(), {"crf": "20"}):
            before, after = spec(options), reproducible.__wrapped__(spec(options))
            own = dict(before.options).get("x264-params", "")
            assert dict(after.options).get("x264-params", "") == (f"asm=AVX2,FMA3,BMI1,BMI2,LZCNT:{own}".rstrip(":") if has else own)
            assert {name for name, _ in after.options} - {"x264-params"} == {name for name, _ in before.options} - {"x264-params"}


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux lists what the CPU can in /proc/cpuinfo")
def test_avx512_is_seen_where_the_system_lists_it() -> None:
    flags = {flag for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags") for flag in line.split()}
    assert has_avx512() == ({"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags)

"""Bad input to every command: one line that begins with the program's name, the right exit code, and nothing on standard output."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz_kernels import record
from flashviz_kernels.modes import installed
from flashviz_kernels.verify import agree
from tests import generic_traces
from tests.conftest import ROOT

HUGE = "999999999999"
# Commands that compute something of a configuration, with what else they need.
OF_A_CONFIG: dict[str, tuple[str, ...]] = {
    "trace": ("--out", "x.npz"), "verify": (), "render": ("-q", "l"), "player": ("--out", "x.html"), "compile": (),
    "deliver": ("--out", "d"), "lecture": ("--out", "d"), "slides": ("FlashAttentionScene",), "quiz": ("--out", "d"),
}  # fmt: skip
BAD_CONFIG: tuple[str, ...] = (
    "--batch 0", "--batch -1", "--batch x", "--batch 1.5", "--heads 0", "--heads 4 --kv-heads 3", "--kv-heads 0", "--seq-q 0", "--seq-q -5",
    "--seq-k -1", "--seq-len 64 --seq-q 32", f"--seq-q {HUGE}", f"--seq-k {HUGE}", f"--seq-len {HUGE}", "--seq-len 1e3", "--head-dim 8",
    "--head-dim 257", "--block-m 48", "--block-m 8", "--block-n 512", "--block-n 0", "--block-m 256 --block-n 256 --head-dim 256",
    "--dtype int8", "--scale nan", "--scale inf", "--scale x", "--inputs random", "--seed -1", "--arch sm_75", "--arch sm90", "--stages 0",
    "--stages 9", "--no-such-option", "--seq-q", "--causal=maybe", f"--heads {2**64}",
)  # fmt: skip
BAD: tuple[tuple[str, int], ...] = (
    ("trace", 2),
    ("trace --out x.txt", 2),
    ("trace --out no/x.npz", 2),
    ("trace --out .", 2),
    ("trace --out x.npz --algorithm fa3", 2),
    ("trace --out x.npz --source triton --algorithm fa1", 2),
    ("trace --out x.npz --clock --source numpy", 2),
    ("trace --out x.npz more", 2),
    ("trace --out x.npz --kernel a.py:f", 2),
    ("trace --out x.npz --launch a.py:f", 2),
    ("trace --out x.npz --kernel a.py --launch a.py:f", 2),
    ("trace --out x.npz --kernel a.py:f --launch a.py:f", 2),
    ("trace --out x.npz --kernel text.py:f --launch text.py:f", 2),
    ("trace --out x.npz --kernel broken.py:f --launch broken.py:f", 2),
    ("trace --out x.npz --kernel text.py:f --launch text.py:g --heads 2", 2),
    ("info", 2),
    ("info none.npz", 2),
    ("info .", 2),
    ("info text.py", 2),
    ("info empty.npz", 2),
    ("info t.npz more", 2),
    ("info --json", 2),
    ("info /dev/null", 2),
    ("verify none.npz", 2),
    ("verify text.py", 2),
    ("verify t.npz --heads 2", 2),
    ("verify t.npz --algorithm fa1", 2),
    ("verify generic.npz", 2),
    ("verify --algorithm fa3", 2),
    ("verify --source cuda", 2),
    ("render NoScene", 2),
    ("render flashattentionscene", 2),
    ("render --all FlashAttentionScene", 2),
    ("render -q x", 2),
    ("render --workers 0", 2),
    ("render --workers 257", 2),
    ("render --workers 2 --cluster tcp://x:1", 2),
    ("render --trace none.npz", 2),
    ("render --trace text.py", 2),
    ("render --trace t.npz --heads 2", 2),
    ("render --trace t.npz --source triton", 2),
    ("render --trace generic.npz --heads 2", 2),
    ("render --trace generic.npz FlashAttentionScene", 2),
    ("render --trace t.npz KernelScene", 2),
    ("render KernelScene", 2),
    ("render --trace t.npz SpeedScene", 2),
    ("render --trace fa1.npz", 2),
    ("render --theme red", 2),
    ("render --aspect 2:1", 2),
    ("render --encode slow", 2),
    ("render --catalogue none.toml", 2),
    ("render --catalogue xx", 2),
    ("render --catalogue text.py", 2),
    ("render --media-dir text.py", 2),
    ("render --seq-k 0", 2),
    ("render --cluster nonsense", 2),
    ("render --cluster tcp://127.0.0.1:1", 2),
    ("player", 2),
    ("player --out x.txt", 2),
    ("player --out no/x.html", 2),
    ("player none.npz --out x.html", 2),
    ("player text.py --out x.html", 2),
    ("player t.npz --heads 2 --out x.html", 2),
    ("player t.npz --gallery --out d", 2),
    ("player --gallery --heads 2 --out d", 2),
    ("player generic.npz --out x.html", 2),
    ("player --seq-len 4096 --out x.html", 2),
    ("export", 2),
    ("export t.npz --out x.json", 2),
    ("export t.npz --player --perfetto --out x.json", 2),
    ("export t.npz --player --out x.pftrace", 2),
    ("export t.npz --perfetto --out x.json", 2),
    ("export t.npz --player --out no/x.json", 2),
    ("export none.npz --player --out x.json", 2),
    ("export generic.npz --player --out x.json", 2),
    ("export text.py --perfetto --out x.pftrace", 2),
    ("compile --arch ,", 2),
    ("compile --arch sm_90,", 2),
    ("compile --arch sm_90,sm_1", 2),
    ("bench", 2),
    ("bench none", 2),
    ("bench kernel --device tpu", 2),
    ("bench kernel --max-n x", 2),
    ("bench kernel --json no/x.json", 2),
    ("bench trace --max-events 0", 2),
    ("bench trace --repeat 0", 2),
    ("bench trace --json no/x.json", 2),
    ("bench render --scene NoScene", 2),
    ("bench render -q x", 2),
    ("bench render --repeat -1", 2),
    ("captions", 2),
    ("captions NoScene --out x.toml", 2),
    ("captions --out no/x.toml", 2),
    ("deliver", 2),
    ("deliver NoScene --out d", 2),
    ("deliver --all FlashAttentionScene --out d", 2),
    ("deliver --out text.py", 2),
    ("deliver --trace t.npz SpeedScene --out d", 2),
    ("embed", 2),
    ("embed none", 2),
    ("embed .", 2),
    ("embed text.py", 2),
    ("handout", 2),
    ("handout --out text.py", 2),
    ("handout --out d --paper a5", 2),
    ("lecture", 2),
    ("lecture --scene NoScene --out d", 2),
    ("lecture --out text.py", 2),
    ("quiz", 2),
    ("quiz --out text.py", 2),
    ("quiz --seq-k 0 --out d", 2),
    ("slides", 2),
    ("slides NoScene", 2),
    ("slides none", 2),
    ("slides .", 2),
    ("slides FlashAttentionScene --to odp", 2),
    ("scenes more", 2),
    ("nonsense", 2),
    ("--nonsense", 2),
    ("render --workers 1 --media-dir /proc/none", 1),
)
BAD_TOML = (
    "x", "seq-len = 'x'", "seq-len = 64.5", "seq-leng = 64", "seq-len = 64\nseq_len = 64", "causal = 1", "theme = 'red'", "[seq-len]",
    "aspect = 16", "trace = 'none.npz'", "heads = true", "seq-len = -1", "\udcff", f"heads = 0x{'f' * 5000}", f"heads = {'9' * 5000}",
    "a = " + "[" * 5000,
)  # fmt: skip
BAD_ENVIRONMENT = (
    ("SEQ_LEN", "x"), ("SEQ_LEN", ""), ("NO_SUCH", "1"), ("CAUSAL", "perhaps"), ("THEME", "red"), ("HEADS", "-1"), ("TRACE", "none.npz"),
    ("ASPECT", "0:0"), ("ASPECT", "16:9 "), ("SCALE", "nan"), ("ENCODE", "slow"), ("SEQ_Q", HUGE), ("SEQ_LEN", "\udcff"),
    ("HEADS", str(2**64)),
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trace of each kind and with files that are none."""
    folder = tmp_path_factory.mktemp("bad")
    config = AttentionConfig(seq_q=32, block_m=16, block_n=16, head_dim=16)
    record(config, source="numpy").save(folder / "t.npz")
    record(config, source="numpy", algorithm="fa1").save(folder / "fa1.npz")
    generic_traces.product().save(folder / "generic.npz")
    (folder / "empty.npz").write_bytes(b"")
    (folder / "text.py").write_text("hello = 1\n", encoding="utf-8")
    (folder / "broken.py").write_text("def f(:\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def there(place: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(place)
    yield
    os.chdir(before)


def files() -> list[Path]:
    """All but what a render keeps for the next one."""
    return sorted(path for path in Path().rglob("*") if path.is_file() and path.parts[0] != "media")


def check(arguments: list[str], code: int, environment: dict[str, str] | None = None) -> None:
    before = files()
    answer = CliRunner().invoke(main, arguments, env=environment)
    said = f"{' '.join(arguments)}: exit {answer.exit_code}, {answer.output[-2000:]!r}, {answer.exception!r}"
    if not arguments[-1:] or arguments == ["bench"]:  # a group without a command shows its help
        assert answer.exit_code == code, said
        return
    assert answer.exit_code == code, said
    assert answer.stdout == "", said
    assert answer.stderr.startswith("flashviz: "), said
    assert answer.stderr.count("\n") == 1, said
    assert len(answer.stderr) < 700, said
    assert files() == before, said


@pytest.mark.parametrize("command", OF_A_CONFIG)
@pytest.mark.parametrize("bad", BAD_CONFIG)
def test_a_bad_configuration(command: str, bad: str) -> None:
    check([command, *OF_A_CONFIG[command], *bad.split()], 2)


@pytest.mark.parametrize(("line", "code"), BAD, ids=[line for line, _ in BAD])
def test_bad_arguments(line: str, code: int) -> None:
    check(line.split(), code)


@pytest.mark.parametrize("text", BAD_TOML, ids=lambda text: text[:20])
def test_bad_settings_in_the_file(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flashviz.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    check(["verify"], 2)


@pytest.mark.parametrize(("name", "value"), BAD_ENVIRONMENT)
def test_bad_settings_in_the_environment(name: str, value: str) -> None:
    check(["verify"], 2, {f"FLASHVIZ_{name}": value})


@pytest.mark.parametrize("epoch", ["x", "", "1.5", "9" * 20])
def test_a_date_of_builds_that_is_none(epoch: str) -> None:
    """With it NumPy's f2py, and so SciPy and manim, end in a traceback when they are imported."""
    check(["verify"], 2, {"SOURCE_DATE_EPOCH": epoch})


def test_a_file_of_settings_that_is_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flashviz.toml").mkdir()
    check(["verify"], 2)


def test_there_are_enough_of_them() -> None:
    """docs/reliability.md says how many kinds of bad input are tried, over all commands."""
    kinds = len(BAD_CONFIG) + len(BAD) + len(BAD_TOML) + len(BAD_ENVIRONMENT) + 1
    assert kinds >= 150
    assert f"{kinds} kinds of bad input" in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    tried = {line.split()[0] for line, _ in BAD} | set(OF_A_CONFIG)
    assert set(main.commands) <= tried


# -------------------------------------------------------------------------------------------------------- valid configurations


def any_config(rng: random.Random) -> AttentionConfig:
    """A valid configuration that the interpreter runs in a moment: at most 12 tiles."""
    while True:
        kv_heads, block_m, block_n = rng.choice((1, 1, 2)), rng.choice((16, 32, 64)), rng.choice((16, 32, 64))
        try:
            config = AttentionConfig(
                batch=rng.choice((1, 1, 2)), heads=kv_heads * rng.choice((1, 1, 2)), kv_heads=kv_heads, block_m=block_m, block_n=block_n,
                seq_q=rng.randint(1, 3 * block_m), seq_k=rng.choice((0, *[rng.randint(1, 3 * block_n)] * 9)),
                head_dim=rng.choice((16, 17, 24, 32, 40, 64, 72, 80, 96, 128)), dtype=rng.choice(("float16", "bfloat16", "float32")),
                causal=rng.random() < 0.5, scale=rng.choice((None, 1.0, 0.02, -0.1)),  # type: ignore[arg-type]
                inputs=rng.choice(("structured", "gaussian")), seed=rng.randrange(10_000), stages=rng.choice((1, 2, 3)),
            )  # fmt: skip
        except ConfigError:
            continue
        if config.batch * config.heads * config.row_blocks * config.col_blocks <= 12:
            return config


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with named pipes")
@pytest.mark.parametrize(
    "command",
    [
        "info p.npz", "verify p.npz", "render --trace p.npz", "player p.npz --out x.html", "export p.npz --player --out x.json",
        "render --catalogue p.toml", "info zero.npz", "verify zero.npz", "render --trace zero.npz", "verify",
    ],
)  # fmt: skip
def test_a_pipe_or_a_device_is_refused_before_it_is_read(command: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to is waited for without end: in a process of its own, which has a minute."""
    os.mkfifo(tmp_path / "p.npz")
    os.mkfifo(tmp_path / ("flashviz.toml" if command == "verify" else "p.toml"))
    (tmp_path / "zero.npz").symlink_to("/dev/zero")
    arguments = [sys.executable, "-c", "from flashviz.cli import main; main()", *command.split()]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "flashviz: " in done.stderr
    assert "expected a" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.skipif(not installed(), reason="needs triton")
def test_twin_and_kernel_agree_on_any_configuration(pytestconfig: pytest.Config) -> None:
    """Every compared column, and the values of one program. ``--configurations 10000`` tries so many."""
    count, rng = pytestconfig.getoption("--configurations"), random.Random(int(pytestconfig.getoption("--configurations-seed")))
    for _ in range(count):
        config = any_config(rng)
        program = (rng.randrange(config.row_blocks), rng.randrange(config.batch * config.heads))
        kernel, twin = (record(config, source=source, snapshots=[program]) for source in ("triton", "numpy"))
        assert agree(kernel, twin), config

"""Quoted figures: value, unit, source and the place in the source. Whatever is quoted stands on screen with its citation.

Nothing here is derived, and nothing that is computed in a run is ever typed here (tests/test_citations.py holds both).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A paper: how it is named on screen and where it is found."""

    short: str
    title: str
    arxiv: str

    @property
    def name(self) -> str:
        """What it introduces: the title's first part."""
        return self.title.partition(":")[0]


@dataclass(frozen=True)
class Quote:
    """One figure as printed: ``text`` is the value with its unit, ``place`` the figure, table or section."""

    text: str
    source: Source
    place: str

    @property
    def citation(self) -> str:
        return f"{self.source.short}, {self.place}"


FLASH_ATTENTION = Source("Dao et al. 2022", "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness", "2205.14135")
FLASH_ATTENTION_2 = Source("Dao 2023", "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", "2307.08691")
FLASH_ATTENTION_3 = Source(
    "Shah et al. 2024", "FlashAttention-3: Fast and Accurate Attention with Asynchrony and Low-precision", "2407.08608"
)
ONLINE_SOFTMAX = Source("Milakov & Gimelshein 2018", "Online normalizer calculation for softmax", "1805.02867")
ATTENTION = Source("Vaswani et al. 2017", "Attention Is All You Need", "1706.03762")
GROUPED_QUERIES = Source(
    "Ainslie et al. 2023", "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", "2305.13245"
)
SOURCES = (ATTENTION, ONLINE_SOFTMAX, FLASH_ATTENTION, GROUPED_QUERIES, FLASH_ATTENTION_2, FLASH_ATTENTION_3)  # as they came out


@dataclass(frozen=True)
class MemorySpeeds:
    """What a device's two memories hold and how fast they are, as one source quotes them."""

    device: str
    hbm_size: str
    hbm_speed: str
    sram_size: str
    sram_speed: str
    quote: Quote

    @property
    def citation(self) -> str:
        return self.quote.citation


_A100 = MemorySpeeds(
    device="A100", hbm_size="40 GB", hbm_speed="1.5 TB/s", sram_size="192 KB per SM", sram_speed="19 TB/s, all SMs",
    quote=Quote("SRAM 19 TB/s (20 MB), HBM 1.5 TB/s (40 GB); 192 KB per SM", FLASH_ATTENTION, "Fig. 1 and section 2.1"),
)  # fmt: skip
_H100 = MemorySpeeds(
    device="H100", hbm_size="80 GiB", hbm_speed="3.35 TB/s", sram_size="228 KiB per SM", sram_speed="31 TB/s, all SMs",
    quote=Quote("GMEM 80 GiB at 3.35 TB/s, SMEM 228 KiB per SM at 31 TB/s per GPU", FLASH_ATTENTION_3, "Table 1"),
)  # fmt: skip

# by compute capability; an architecture without a quoted source of its own shows no figure at all
MEMORY_SPEEDS = {"sm_80": _A100, "sm_90": _H100}


@dataclass(frozen=True)
class Peak:
    """TFLOP/s of a device's dense 16-bit matrix products, as one source quotes them."""

    value: float
    quote: Quote


# by a part of the device's name; a device that no source here quotes has no fraction of its peak
PEAK_TFLOPS = {
    "A100": Peak(312.0, Quote("312 TFLOP/s matmul", FLASH_ATTENTION_2, "section 3.1")),
    "H100": Peak(989.0, Quote("989 TFLOPS of FP16 matmul", FLASH_ATTENTION_3, "section 3.1")),
}


@dataclass(frozen=True)
class Comparison:
    """Standard attention beside FlashAttention, as one source measured them on its own machine: rows of (what, standard, flash)."""

    setting: str
    rows: tuple[tuple[str, str, str], ...]
    quote: Quote


FIGURE_2 = Comparison(
    setting="GPT-2 medium, N = 1,024, d = 64, 16 heads, batch 64, forward and backward, on an A100",
    rows=(("GFLOPs", "66.6", "75.2"), ("HBM reads and writes", "40.3 GB", "4.4 GB"), ("runtime", "41.7 ms", "7.3 ms")),
    quote=Quote("GFLOPs 66.6 against 75.2, HBM reads and writes 40.3 GB against 4.4 GB, runtime 41.7 ms against 7.3 ms",
                FLASH_ATTENTION, "Fig. 2 left"),
)  # fmt: skip
THEOREM_2 = Quote(
    "for d ≤ M ≤ N d standard attention makes Θ(Nd + N²) HBM accesses, FlashAttention Θ(N²d²/M)", FLASH_ATTENTION, "Theorem 2"
)


PING_PONG_GAIN = "570 to 620-640 TFLOP/s"
PING_PONG = Quote(f"pingpong scheduling: {PING_PONG_GAIN}", FLASH_ATTENTION_3, "section 3.1")


@dataclass(frozen=True)
class Memory:
    """One level of a hierarchy as its source quotes it."""

    name: str
    size: str
    speed: str


@dataclass(frozen=True)
class Hierarchy:
    """Memories of one machine, fastest first; ``remark`` says what the figures of the first one count."""

    device: str
    memories: tuple[Memory, ...]
    remark: str
    quote: Quote


A100_MEMORIES = Hierarchy(
    device="A100, 40 GB",
    memories=(Memory("SRAM", "20 MB", "19 TB/s"), Memory("HBM", "40 GB", "1.5 TB/s"), Memory("DRAM", "> 1 TB", "12.8 GB/s")),
    remark="SRAM: sum over 108 SMs with 192 KB each; DRAM: the CPU's",
    quote=Quote("SRAM 19 TB/s (20 MB), HBM 1.5 TB/s (40 GB), DRAM 12.8 GB/s (> 1 TB); 192 KB of each of 108 SMs",
                FLASH_ATTENTION, "Fig. 1 and section 2.1"),
)  # fmt: skip
H100_MEMORIES = Hierarchy(
    device="H100 SXM5",
    memories=(Memory("SMEM", "228 KiB per SM", "31 TB/s"), Memory("L2", "50 MiB", "12 TB/s"), Memory("GMEM", "80 GiB", "3.35 TB/s")),
    remark="SMEM: shared memory, all SMs; GMEM: HBM",
    quote=Quote("GMEM 80 GiB at 3.35 TB/s, L2 50 MiB at 12 TB/s, SMEM 228 KiB per SM at 31 TB/s per GPU", FLASH_ATTENTION_3, "Table 1"),
)  # fmt: skip

SHARED_PER_BLOCK = "CUDA C++ Programming Guide, Compute Capabilities"  # where flashviz.device has its limits from


@dataclass(frozen=True)
class Erratum:
    """A line as it is printed and as it must be, as Typst formulas, and where it stands."""

    where: str
    printed: str
    correct: str
    why: str


REPOSITORY = "github.com/Dao-AILab/flash-attention"  # the authors' own
RESCALED = "O_i + tilde(P)_(i j) V_j"
ERRATUM = Erratum(
    where=f"{FLASH_ATTENTION_2.short}, Algorithm 1, line 10; repeated in {FLASH_ATTENTION_3.short}, Algorithm 1",
    printed=f'O_i <- upright("diag")(e^(m_"old" - m_"new"))^(-1) {RESCALED}',
    correct=f'O_i <- upright("diag")(e^(m_"old" - m_"new")) {RESCALED}',
    why="With the inverse the past would grow where it must shrink.",
)

"""FlashAttention-2's forward pass for Hopper with its pipeline written out, in Gluon: what overlaps is said and not left to a compiler.

After FlashAttention-3 (Shah et al. 2024, arXiv 2407.08608, section 3): one warp copies (TMA, through a ring of K and V tiles), two groups
of four warps compute 64 rows each. While the tensor cores multiply P V of one tile and Q K^T of the next, the group's softmax waits for
neither. (Having the groups take turns with the tensor cores, the paper's ping-pong, was tried on an H100 and changed nothing.)
It is not the film's kernel: that is ``forward``, which is written to be read and reports what it does.

Scores are kept in units of log2, the scale folded in: exp2(s scale log2(e) - m). Key tiles are visited from the last to the first: the
one on the diagonal, which alone is masked, comes before the loop.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators
# (Gluon's compiler reads annotations as constexpr marks; a kernel's arguments have no Python types)

from __future__ import annotations

from triton.experimental import gluon
from triton.experimental.gluon import language as gl
from triton.experimental.gluon.language.nvidia.hopper import (
    fence_async_shared,
    mbarrier,
    tma,
    warpgroup_mma,
    warpgroup_mma_wait,
)

# names that triton 3.9 gave anew
copy_in = tma.async_load if hasattr(tma, "async_load") else tma.async_copy_global_to_shared
copy_out = tma.async_store if hasattr(tma, "async_store") else tma.async_copy_shared_to_global
barrier = gl.barrier if hasattr(gl, "barrier") else gl.thread_barrier

BLOCK = gl.constexpr(128)  # rows of a program, two groups of 64; and keys of a tile, so that the diagonal crosses one tile of a row block
ROWS = gl.constexpr(64)  # of a group: what one wgmma multiplies
LOG2_E = gl.constexpr(1.4426950408889634)
LN_2 = gl.constexpr(0.6931471805599453)


@gluon.jit
def rounds(T, CAUSAL: gl.constexpr, PAIRED: gl.constexpr):
    """How many row blocks this program works through, of ``T``."""
    if PAIRED:
        return 2 * gl.cdiv(T // 2 - gl.program_id(0), gl.num_programs(0))
    if CAUSAL:
        return 1
    return gl.cdiv(T - gl.program_id(0), gl.num_programs(0))


@gluon.jit
def block_of(x, T, HEADS, N_Q, N_K, CAUSAL: gl.constexpr, PAIRED: gl.constexpr):
    """Row block of this program's round ``x``: (head of all, i, key tiles that it visits).

    Causal row blocks differ in length. PAIRED, a long one and its short counterpart follow each other, so that all programs have equally
    much to do. Else they come one a program, of ``HEADS`` heads, whose K and V lie in the L2 cache together, the longest first.
    """
    T_R = N_Q // BLOCK
    t = gl.program_id(0) + x * gl.num_programs(0)
    if PAIRED:
        pair = gl.program_id(0) + x // 2 * gl.num_programs(0)
        bh = pair // (T_R // 2)
        i = pair % (T_R // 2)
        if x % 2 == 0:
            i = T_R - 1 - i
    elif CAUSAL:
        group = t // (HEADS * T_R)
        at = t % (HEADS * T_R)
        heads = gl.minimum(HEADS, T // T_R - group * HEADS)
        bh = group * HEADS + at % heads
        i = T_R - 1 - at // heads
    else:
        bh = t // T_R
        i = t % T_R
    visited = N_K // BLOCK
    if CAUSAL:
        visited = gl.maximum((i + 1) * BLOCK + N_K - N_Q, BLOCK) // BLOCK  # a block that sees no key visits one tile, all masked
    return bh, i, visited


@gluon.jit
def copies(
    q_desc, k_desc, v_desc, q_tile_0, q_tile_1, k_ring, v_ring, q_full, q_free, k_full, k_free, v_full, v_free,
    T, HEADS, GROUP, N_Q, N_K, STAGES: gl.constexpr, CAUSAL: gl.constexpr, PAIRED: gl.constexpr,
):  # fmt: skip
    """The copying warp: Q of each row block, then K and V, tile by tile, as soon as their places in the ring are free."""
    c = 0  # tiles copied so far
    for r in range(rounds(T, CAUSAL, PAIRED)):
        bh, i, visited = block_of(r, T, HEADS, N_Q, N_K, CAUSAL, PAIRED)
        row = bh * N_Q + i * BLOCK
        keys = bh // GROUP * N_K  # grouped-query: GROUP heads share one K and V
        mbarrier.wait(q_free.index(0), (r & 1) ^ 1)
        mbarrier.expect(q_full.index(0), q_desc.block_type.nbytes)
        copy_in(q_desc, [row, 0], q_full.index(0), q_tile_0)
        mbarrier.wait(q_free.index(1), (r & 1) ^ 1)
        mbarrier.expect(q_full.index(1), q_desc.block_type.nbytes)
        copy_in(q_desc, [row + ROWS, 0], q_full.index(1), q_tile_1)
        for x in range(visited):
            key = keys + (visited - 1 - x) * BLOCK
            place = c % STAGES
            phase = (c // STAGES) & 1
            mbarrier.wait(k_free.index(place), phase ^ 1)
            mbarrier.expect(k_full.index(place), k_desc.block_type.nbytes)
            copy_in(k_desc, [key, 0], k_full.index(place), k_ring.index(place))
            mbarrier.wait(v_free.index(place), phase ^ 1)
            mbarrier.expect(v_full.index(place), v_desc.block_type.nbytes)
            copy_in(v_desc, [key, 0], v_full.index(place), v_ring.index(place))
            c += 1


@gluon.jit
def under_diagonal(s, first, S: gl.constexpr):
    """S of the tile that the diagonal crosses: row r sees columns up to ``first`` + r.

    A thread holds two columns c of every eight, so that the first column of each eight, 8 g, is a number in the code. Columns counted by
    one ``arange`` are 32 numbers a thread, which LLVM makes before the loop over row blocks, and ptxas then spills.
    """
    eights = s.reshape([ROWS, BLOCK // 8, 8])
    OF: gl.constexpr = eights.type.layout
    r = gl.arange(0, ROWS, gl.SliceLayout(1, gl.SliceLayout(2, OF)))
    g = gl.arange(0, BLOCK // 8, gl.SliceLayout(0, gl.SliceLayout(2, OF)))
    c = gl.arange(0, 8, gl.SliceLayout(0, gl.SliceLayout(1, OF)))
    seen = r[:, None, None] + first - c[None, None, :] >= 8 * g[None, :, None]
    return gl.convert_layout(gl.where(seen, eights, float("-inf")).reshape([ROWS, BLOCK]), S, assert_trivial=True)


@gluon.jit
def softmax(s, m_i, l_i, qk_scale, UNSEEN: gl.constexpr):
    """One tile of the online softmax: P, alpha, and the new l and m; UNSEEN, of rows that may have seen no key."""
    m_new = gl.maximum(m_i, gl.max(s, 1) * qk_scale)  # [ROWS]  m' = max(m, rowmax S)
    m_use = m_new
    if UNSEEN:
        m_use = gl.where(m_new == float("-inf"), 0.0, m_new)  # a row that sees no key has no max
    alpha = gl.exp2(m_i - m_use)  # [ROWS]  alpha = 2^(m - m')
    p = gl.exp2(s * qk_scale - m_use[:, None])  # [ROWS, BLOCK]  P = 2^(S - m')
    return p, alpha, l_i * alpha + gl.sum(p, 1), m_new


@gluon.jit
def turn(
    acc, p, m_i, l_i, c, more, q_tile, k_ring, v_ring, k_full, k_free, v_full, v_free, qk_scale,
    S: gl.constexpr, ACC: gl.constexpr, P: gl.constexpr, STAGES: gl.constexpr,
):  # fmt: skip
    """Issue S of tile ``c`` and P V of the one before; the softmax of S runs while P V does."""
    place = c % STAGES
    before = (c - 1) % STAGES
    nothing = gl.full([ROWS, BLOCK], 0.0, gl.float32, S)
    s_soon = warpgroup_mma(q_tile, k_ring.index(place).permute((1, 0)), nothing, use_acc=False, is_async=True)
    mbarrier.wait(v_full.index(before), ((c - 1) // STAGES) & 1)
    acc_soon = warpgroup_mma(p, v_ring.index(before), acc, is_async=True)
    s = warpgroup_mma_wait(1, deps=[s_soon])
    mbarrier.arrive(k_free.index(place), count=1)
    p32, alpha, l_i, m_i = softmax(s, m_i, l_i, qk_scale, UNSEEN=False)  # the first tile visited had a key for each row
    p_next = gl.convert_layout(p32.to(p.dtype), P)
    # the next K tile: a branch, which keeps ptxas from hoisting the wait for P V above the exponentials
    mbarrier.wait(k_full.index((c + 1) % STAGES), ((c + 1) // STAGES) & 1, pred=more)
    acc, p_next, alpha = warpgroup_mma_wait(0, deps=[acc_soon, p_next, alpha])
    mbarrier.arrive(v_free.index(before), count=1)
    acc = acc * gl.convert_layout(alpha, gl.SliceLayout(1, ACC))[:, None]
    return acc, p_next, m_i, l_i


@gluon.jit
def rows_of(
    o_desc, LSE, q_tile, o_tile, k_ring, v_ring, q_full, q_free, k_full, k_free, v_full, v_free,
    T, HEADS, N_Q, N_K, qk_scale,
    W: gl.constexpr, D: gl.constexpr, STAGES: gl.constexpr, CAUSAL: gl.constexpr, PAIRED: gl.constexpr,
):  # fmt: skip
    """A computing group: 64 rows of each row block, in one walk over the key tiles."""
    S: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 1], [16, BLOCK, 16])
    ACC: gl.constexpr = gl.NVMMADistributedLayout([3, 0], [4, 1], [16, D, 16])
    P: gl.constexpr = gl.DotOperandLayout(0, ACC, 2)
    S_ROW: gl.constexpr = gl.SliceLayout(1, S)
    ACC_ROW: gl.constexpr = gl.SliceLayout(1, ACC)
    dtype: gl.constexpr = o_desc.dtype
    c = 0  # key tiles so far
    for r in range(rounds(T, CAUSAL, PAIRED)):
        bh, i, visited = block_of(r, T, HEADS, N_Q, N_K, CAUSAL, PAIRED)
        row = bh * N_Q + i * BLOCK + W * ROWS
        m_i = gl.full([ROWS], float("-inf"), gl.float32, S_ROW)
        l_i = gl.full([ROWS], 0.0, gl.float32, S_ROW)
        acc = gl.full([ROWS, D], 0.0, gl.float32, ACC)
        nothing = gl.full([ROWS, BLOCK], 0.0, gl.float32, S)

        # the last tile, which the diagonal may cross: nothing to overlap with yet
        mbarrier.wait(q_full, r & 1)
        mbarrier.wait(k_full.index(c % STAGES), (c // STAGES) & 1)
        s_soon = warpgroup_mma(q_tile, k_ring.index(c % STAGES).permute((1, 0)), nothing, use_acc=False, is_async=True)
        s = warpgroup_mma_wait(0, deps=[s_soon])
        mbarrier.arrive(k_free.index(c % STAGES), count=1)
        if CAUSAL:
            s = under_diagonal(s, i * BLOCK + W * ROWS + N_K - N_Q - (visited - 1) * BLOCK, S)
        p32, _, l_i, m_i = softmax(s, m_i, l_i, qk_scale, UNSEEN=CAUSAL)
        p = gl.convert_layout(p32.to(dtype), P)
        mbarrier.wait(k_full.index((c + 1) % STAGES), ((c + 1) // STAGES) & 1, pred=visited > 1)
        c += 1

        for x in range(1, visited):
            acc, p, m_i, l_i = turn(
                acc, p, m_i, l_i, c, x + 1 < visited, q_tile, k_ring, v_ring,
                k_full, k_free, v_full, v_free, qk_scale, S, ACC, P, STAGES,
            )  # fmt: skip
            c += 1
        mbarrier.arrive(q_free, count=1)

        # P V of the first tile; LSE = m + log2 l, in natural units, meanwhile
        last = (c - 1) % STAGES
        mbarrier.wait(v_full.index(last), ((c - 1) // STAGES) & 1)
        acc_soon = warpgroup_mma(p, v_ring.index(last), acc, is_async=True)
        l_use = l_i
        if CAUSAL:
            l_use = gl.where(l_i == 0.0, 1.0, l_i)  # a row that sees no key gives O = 0, LSE = -inf
        lse = (m_i + gl.log2(l_use)) * LN_2
        gl.store(LSE + row + gl.arange(0, ROWS, S_ROW), lse)
        acc = warpgroup_mma_wait(0, deps=[acc_soon])
        mbarrier.arrive(v_free.index(last), count=1)

        # O = acc / l, through shared memory
        acc = acc / gl.convert_layout(l_use, ACC_ROW)[:, None]
        tma.store_wait(0)  # the row block before has left the same place
        barrier()
        o_tile.store(acc.to(dtype))
        fence_async_shared()
        barrier()
        copy_out(o_desc, [row, 0], o_tile)
    tma.store_wait(0)


@gluon.jit
def pipeline(
    q_desc, k_desc, v_desc, o_desc, LSE,  # [B H N_Q, D] in tiles of ROWS, twice [B H_KV N_K, D] in tiles of BLOCK, as Q; [B, H, N_Q]
    sm_scale, N_Q, N_K, GROUP, HEADS, T,
    D: gl.constexpr, STAGES: gl.constexpr, CAUSAL: gl.constexpr, PAIRED: gl.constexpr,
    COMPUTE_REGISTERS: gl.constexpr, COPY_REGISTERS: gl.constexpr,
):  # fmt: skip
    """O = softmax(scale Q K^T) V and LSE of row blocks ``program_id``, + ``num_programs``, ... of ``T``.

    N_Q and N_K are multiples of BLOCK, scale is positive, H / H_KV heads share one K and V (GROUP).
    """
    dtype: gl.constexpr = q_desc.dtype
    q_tile_0 = gl.allocate_shared_memory(dtype, [ROWS, D], q_desc.layout)
    q_tile_1 = gl.allocate_shared_memory(dtype, [ROWS, D], q_desc.layout)
    o_tile_0 = gl.allocate_shared_memory(dtype, [ROWS, D], o_desc.layout)
    o_tile_1 = gl.allocate_shared_memory(dtype, [ROWS, D], o_desc.layout)
    k_ring = gl.allocate_shared_memory(dtype, [STAGES, BLOCK, D], k_desc.layout)
    v_ring = gl.allocate_shared_memory(dtype, [STAGES, BLOCK, D], v_desc.layout)
    q_full = gl.allocate_shared_memory(gl.int64, [2, 1], mbarrier.MBarrierLayout())
    q_free = gl.allocate_shared_memory(gl.int64, [2, 1], mbarrier.MBarrierLayout())
    k_full = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    k_free = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    v_full = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    v_free = gl.allocate_shared_memory(gl.int64, [STAGES, 1], mbarrier.MBarrierLayout())
    for w in gl.static_range(2):
        mbarrier.init(q_full.index(w), count=1)
        mbarrier.init(q_free.index(w), count=1)
    for place in gl.static_range(STAGES):
        mbarrier.init(k_full.index(place), count=1)
        mbarrier.init(v_full.index(place), count=1)
        mbarrier.init(k_free.index(place), count=2)  # both groups have read it
        mbarrier.init(v_free.index(place), count=2)
    fence_async_shared()
    barrier()
    qk_scale = sm_scale * LOG2_E
    gl.warp_specialize([
        (rows_of, (o_desc, LSE, q_tile_0, o_tile_0, k_ring, v_ring, q_full.index(0), q_free.index(0), k_full, k_free, v_full, v_free,
                   T, HEADS, N_Q, N_K, qk_scale, 0, D, STAGES, CAUSAL, PAIRED)),
        (rows_of, (o_desc, LSE, q_tile_1, o_tile_1, k_ring, v_ring, q_full.index(1), q_free.index(1), k_full, k_free, v_full, v_free,
                   T, HEADS, N_Q, N_K, qk_scale, 1, D, STAGES, CAUSAL, PAIRED)),
        (copies, (q_desc, k_desc, v_desc, q_tile_0, q_tile_1, k_ring, v_ring, q_full, q_free, k_full, k_free, v_full, v_free,
                  T, HEADS, GROUP, N_Q, N_K, STAGES, CAUSAL, PAIRED)),
    ], [4, 1], [COMPUTE_REGISTERS, COPY_REGISTERS])  # fmt: skip

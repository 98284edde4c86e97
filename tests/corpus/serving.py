"""Inference kernels in the styles of vLLM, SGLang and DeepSeek: paged caches, decoding, experts, quantisation."""

import numpy as np
import torch
import triton
import triton.language as tl

RANDOM = np.random.default_rng(0)


@triton.jit
def reshape_and_cache(key, key_cache, slot_mapping, key_stride, BLOCK_SIZE: tl.constexpr, D: tl.constexpr):
    token = tl.program_id(0)
    slot = tl.load(slot_mapping + token).to(tl.int64)
    if slot < 0:
        return
    d = tl.arange(0, D)
    to = (slot // BLOCK_SIZE) * BLOCK_SIZE * D + (slot % BLOCK_SIZE) * D + d
    tl.store(key_cache + to, tl.load(key + token * key_stride + d))


def launch_reshape_and_cache(kernel):
    key, cache = RANDOM.standard_normal((5, 16)).astype(np.float16), np.zeros((4, 8, 16), np.float16)
    slots = np.array([9, -1, 31, 0, 10], np.int64)
    kernel[(5,)](key, cache, slots, 16, BLOCK_SIZE=8, D=16)
    flat = cache.reshape(32, 16)
    assert (flat[[9, 31, 0, 10]] == key[[0, 2, 3, 4]]).all()


@triton.jit
def paged_decode(q, k_cache, v_cache, block_tables, seq_lens, out, scale, stride_table, PAGE: tl.constexpr, D: tl.constexpr):
    """One query token a sequence; its keys lie in pages wherever the table says."""
    seq = tl.program_id(0)
    length = tl.load(seq_lens + seq)
    d, within = tl.arange(0, D), tl.arange(0, PAGE)
    query = tl.load(q + seq * D + d) * scale
    m, l, acc = float("-inf"), 1.0, tl.zeros([D], tl.float32)
    for j in range(tl.cdiv(length, PAGE)):
        page = tl.load(block_tables + seq * stride_table + j).to(tl.int64)
        at = page * PAGE * D + within[:, None] * D + d[None, :]
        seen = j * PAGE + within < length
        keys = tl.load(k_cache + at, mask=seen[:, None], other=0.0)
        scores = tl.where(seen, tl.sum(query[None, :] * keys, axis=1), float("-inf"))
        m_new = tl.maximum(m, tl.max(scores, axis=0))
        p, alpha = tl.exp(scores - m_new), tl.exp(m - m_new)
        l = tl.sum(p, axis=0) + (l * alpha if j > 0 else 0.0)
        values = tl.load(v_cache + at, mask=seen[:, None], other=0.0)
        acc = acc * alpha + tl.sum(p[:, None] * values, axis=0)
        m = m_new
    tl.store(out + seq * D + d, acc / l)


def launch_paged_decode(kernel):
    q, k, v = (RANDOM.standard_normal(shape).astype(np.float32) for shape in ((3, 16), (6, 8, 16), (6, 8, 16)))
    tables, lengths = np.array([[5, 2, -1], [0, -1, -1], [1, 3, 4]], np.int32), np.array([11, 8, 17], np.int32)
    out = np.empty_like(q)
    kernel[(3,)](q, k, v, tables, lengths, out, 0.25, 3, PAGE=8, D=16)
    for seq, length in enumerate(lengths):
        keys, values = (cache[tables[seq, : -(-length // 8)]].reshape(-1, 16)[:length] for cache in (k, v))
        p = np.exp(q[seq] @ keys.T * 0.25)
        assert np.allclose(out[seq], p @ values / p.sum(), atol=1e-5)


@triton.jit
def decode_stage1(q, k, v, partial, lse, n, scale, SPLITS: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    head, split = tl.program_id(0), tl.program_id(1)
    per_split = tl.cdiv(n, SPLITS)
    start, end = per_split * split, tl.minimum(per_split * split + per_split, n)
    d = tl.arange(0, D)
    query = tl.load(q + head * D + d)
    e_max, e_sum, acc = -float("inf"), 0.0, tl.zeros([D], dtype=tl.float32)
    if end > start:
        for at in range(start, end, BN):
            j = at + tl.arange(0, BN)
            keys = tl.load(k + j[:, None] * D + d[None, :], mask=(j < end)[:, None], other=0.0)
            qk = tl.where(j < end, tl.sum(query[None, :] * keys, 1) * scale, float("-inf"))
            values = tl.load(v + j[:, None] * D + d[None, :], mask=(j < end)[:, None], other=0.0)
            n_e_max = tl.maximum(tl.max(qk, 0), e_max)
            re_scale, p = tl.exp(e_max - n_e_max), tl.exp(qk - n_e_max)
            acc = acc * re_scale + tl.sum(p[:, None] * values, 0)
            e_sum = e_sum * re_scale + tl.sum(p, 0)
            e_max = n_e_max
        tl.store(partial + (head * SPLITS + split) * D + d, acc / e_sum)
        tl.store(lse + head * SPLITS + split, e_max + tl.log(e_sum))


@triton.jit
def decode_stage2(partial, lse, out, n, SPLITS: tl.constexpr, D: tl.constexpr):
    head, d = tl.program_id(0), tl.arange(0, D)
    e_max, e_sum, acc = -float("inf"), 0.0, tl.zeros([D], dtype=tl.float32)
    for split in range(SPLITS):
        per_split = tl.cdiv(n, SPLITS)
        if tl.minimum(per_split * split + per_split, n) > per_split * split:
            value = tl.load(partial + (head * SPLITS + split) * D + d)
            logic = tl.load(lse + head * SPLITS + split)
            n_e_max = tl.maximum(logic, e_max)
            old_scale, exp_logic = tl.exp(e_max - n_e_max), tl.exp(logic - n_e_max)
            acc = acc * old_scale + exp_logic * value
            e_sum = e_sum * old_scale + exp_logic
            e_max = n_e_max
    tl.store(out + head * D + d, acc / e_sum)


def launch_decode_stage1(kernel):
    q, k, v = (RANDOM.standard_normal(shape).astype(np.float32) for shape in ((2, 16), (9, 16), (9, 16)))
    partial, lse, out = np.empty((2, 4, 16), np.float32), np.empty((2, 4), np.float32), np.empty((2, 16), np.float32)
    kernel[(2, 4)](q, k, v, partial, lse, 9, 0.25, SPLITS=4, BN=2, D=16)
    decode_stage2[(2,)](partial, lse, out, 9, SPLITS=4, D=16)
    p = np.exp(q @ k.T * 0.25)
    assert np.allclose(out, p @ v / p.sum(1, keepdims=True), atol=1e-5)


@triton.jit
def fused_moe(
    a_ptr, b_ptr, c_ptr, topk_weights_ptr, sorted_token_ids_ptr, expert_ids_ptr, num_tokens_post_padded_ptr, N, K, num_valid_tokens,
    stride_be, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, MUL_ROUTED_WEIGHT: tl.constexpr, top_k: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(0)
    num_pid_n = tl.cdiv(N, BLOCK_N)
    pid_m, pid_n = pid // num_pid_n, pid % num_pid_n
    if pid_m * BLOCK_M >= tl.load(num_tokens_post_padded_ptr):
        return
    offs_token = tl.load(sorted_token_ids_ptr + pid_m * BLOCK_M + tl.arange(0, BLOCK_M))
    token_mask = offs_token < num_valid_tokens
    offs_n, offs_k = pid_n * BLOCK_N + tl.arange(0, BLOCK_N), tl.arange(0, BLOCK_K)
    off_expert = tl.load(expert_ids_ptr + pid_m).to(tl.int64)
    a_ptrs = a_ptr + (offs_token[:, None] // top_k * K + offs_k[None, :])
    b_ptrs = b_ptr + off_expert * stride_be + (offs_k[:, None] * N + offs_n[None, :])
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(tl.cdiv(K, BLOCK_K)):
        a = tl.load(a_ptrs, mask=token_mask[:, None] & (offs_k[None, :] < K - k * BLOCK_K), other=0.0)
        b = tl.load(b_ptrs, mask=offs_k[:, None] < K - k * BLOCK_K, other=0.0)
        accumulator += tl.dot(a, b)
        a_ptrs += BLOCK_K
        b_ptrs += BLOCK_K * N
    if MUL_ROUTED_WEIGHT:
        accumulator *= tl.load(topk_weights_ptr + offs_token, mask=token_mask, other=0)[:, None]
    c_mask = token_mask[:, None] & (offs_n[None, :] < N)
    tl.store(c_ptr + N * offs_token[:, None] + offs_n[None, :], accumulator, mask=c_mask)


def launch_fused_moe(kernel):
    tokens, experts, N, K, block = 9, 3, 32, 40, 16
    a, b = RANDOM.standard_normal((tokens, K)).astype(np.float32), RANDOM.standard_normal((experts, K, N)).astype(np.float32)
    chosen = np.array([[0, 1], [1, 2], [0, 2], [0, 1], [1, 2], [0, 1], [0, 2], [1, 0], [2, 1]])
    weights = RANDOM.random((tokens, 2)).astype(np.float32)
    ids, owners = [], []
    for expert in range(experts):
        mine = np.flatnonzero(chosen.reshape(-1) == expert)
        ids += [*mine, *[tokens * 2] * (-len(mine) % block)]
        owners += [expert] * -(-len(mine) // block)
    c = np.zeros((tokens * 2, N), np.float32)
    kernel[((len(owners) + 1) * 2,)](
        a, b, c, weights, np.array([*ids, *[0] * block], np.int32), np.array([*owners, -1], np.int32), np.array([len(ids)], np.int32), N, K,
        tokens * 2, K * N, BLOCK_M=block, BLOCK_N=16, BLOCK_K=16, MUL_ROUTED_WEIGHT=True, top_k=2,
    )  # fmt: skip
    want = np.einsum("tk,tskn->tsn", a, b[chosen]) * weights[..., None]
    assert np.allclose(c, want.reshape(-1, N), atol=1e-4)


@triton.jit
def per_token_group_quant(y_ptr, y_q_ptr, y_s_ptr, group_size, eps, fp8_max, BLOCK: tl.constexpr):
    g_id = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK)
    mask = cols < group_size
    y = tl.load(y_ptr + g_id * group_size + cols, mask=mask, other=0.0).to(tl.float32)
    absmax = tl.maximum(tl.max(tl.abs(y)), eps)
    y_s = absmax / fp8_max
    y_q = tl.clamp(y / y_s, -fp8_max, fp8_max).to(y_q_ptr.dtype.element_ty)
    tl.store(y_q_ptr + g_id * group_size + cols, y_q, mask=mask)
    tl.store(y_s_ptr + g_id, y_s)


def launch_per_token_group_quant(kernel):
    y = torch.from_numpy(RANDOM.standard_normal((6, 48)).astype(np.float32)).bfloat16()
    y_q, y_s = torch.empty(6, 48, dtype=torch.float8_e4m3fn), torch.empty(6, 3)
    kernel[(18,)](y, y_q, y_s, 16, 1e-10, 448.0, BLOCK=16)
    groups = y.float().reshape(6, 3, 16)
    scales = groups.abs().amax(-1) / 448
    assert torch.allclose(y_s, scales)
    assert torch.equal(y_q.float(), (groups / scales[..., None]).to(torch.float8_e4m3fn).float().reshape(6, 48))


@triton.jit
def weight_dequant(x_ptr, s_ptr, y_ptr, M, N, BLOCK_SIZE: tl.constexpr):
    pid_m, pid_n = tl.program_id(axis=0), tl.program_id(axis=1)
    n = tl.cdiv(N, BLOCK_SIZE)
    offs_m, offs_n = pid_m * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE), pid_n * BLOCK_SIZE + tl.arange(0, BLOCK_SIZE)
    offs = offs_m[:, None] * N + offs_n[None, :]
    mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    x = tl.load(x_ptr + offs, mask=mask).to(tl.float32)
    tl.store(y_ptr + offs, x * tl.load(s_ptr + pid_m * n + pid_n), mask=mask)


def launch_weight_dequant(kernel):
    x, s = torch.from_numpy(RANDOM.standard_normal((40, 24)).astype(np.float32)).to(torch.float8_e4m3fn), torch.rand(3, 2)
    y = torch.empty(40, 24)
    kernel[lambda meta: (triton.cdiv(40, meta["BLOCK_SIZE"]), triton.cdiv(24, meta["BLOCK_SIZE"]))](x, s, y, 40, 24, BLOCK_SIZE=16)
    whole = s.repeat_interleave(16, 0)[:40].repeat_interleave(16, 1)[:, :24]
    assert torch.equal(y, x.float() * whole)


@triton.autotune([triton.Config({"BLOCK_SIZE_M": m, "BLOCK_SIZE_N": 16}, num_stages=3, num_warps=8) for m in (16, 32)], key=["N", "K"])
@triton.jit
def fp8_gemm(
    a_ptr, b_ptr, c_ptr, a_s_ptr, b_s_ptr, M, N: tl.constexpr, K: tl.constexpr, BLOCK_SIZE_M: tl.constexpr, BLOCK_SIZE_N: tl.constexpr,
    BLOCK_SIZE_K: tl.constexpr,
):  # fmt: skip
    pid_m, pid_n = tl.program_id(axis=0), tl.program_id(axis=1)
    k = tl.cdiv(K, BLOCK_SIZE_K)
    offs_m = (pid_m * BLOCK_SIZE_M + tl.arange(0, BLOCK_SIZE_M)) % M
    offs_n = (pid_n * BLOCK_SIZE_N + tl.arange(0, BLOCK_SIZE_N)) % N
    offs_k = tl.arange(0, BLOCK_SIZE_K)
    a_ptrs, b_ptrs = a_ptr + offs_m[:, None] * K + offs_k[None, :], b_ptr + offs_n[None, :] * K + offs_k[:, None]
    a_s_ptrs, b_s_ptrs = a_s_ptr + offs_m * k, b_s_ptr + (offs_n // BLOCK_SIZE_K) * k
    accumulator = tl.zeros((BLOCK_SIZE_M, BLOCK_SIZE_N), dtype=tl.float32)
    for i in range(k):
        a = tl.load(a_ptrs, mask=offs_k[None, :] < K - i * BLOCK_SIZE_K, other=0.0)
        b = tl.load(b_ptrs, mask=offs_k[:, None] < K - i * BLOCK_SIZE_K, other=0.0)
        accumulator += tl.dot(a, b) * tl.load(a_s_ptrs)[:, None] * tl.load(b_s_ptrs)[None, :]
        a_ptrs += BLOCK_SIZE_K
        b_ptrs += BLOCK_SIZE_K
        a_s_ptrs += 1
        b_s_ptrs += 1
    offs_m, offs_n = pid_m * BLOCK_SIZE_M + tl.arange(0, BLOCK_SIZE_M), pid_n * BLOCK_SIZE_N + tl.arange(0, BLOCK_SIZE_N)
    mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    tl.store(c_ptr + offs_m[:, None] * N + offs_n[None, :], accumulator.to(c_ptr.dtype.element_ty), mask=mask)


def launch_fp8_gemm(kernel):
    a, b = (torch.from_numpy(RANDOM.standard_normal(shape).astype(np.float32)).to(torch.float8_e4m3fn) for shape in ((20, 64), (32, 64)))
    a_s, b_s, c = torch.rand(20, 2), torch.rand(1, 2), torch.empty(20, 32)
    grid = lambda meta: (triton.cdiv(20, meta["BLOCK_SIZE_M"]), triton.cdiv(32, meta["BLOCK_SIZE_N"]))  # noqa: E731
    kernel[grid](a, b, c, a_s, b_s, 20, 32, 64, BLOCK_SIZE_K=32)
    wide_a, wide_b = a.float() * a_s.repeat_interleave(32, 1), b.float() * b_s.repeat_interleave(32, 1)
    assert torch.allclose(c, wide_a @ wide_b.T, atol=1e-3)


@triton.jit
def sampled(logits, noise, out, vocab, temperature, top_k: tl.constexpr, BLOCK: tl.constexpr):
    """The token with the largest logit plus noise among those that are not cut off."""
    row, i = tl.program_id(0), tl.arange(0, BLOCK)
    value = tl.load(logits + row * vocab + i, mask=i < vocab, other=float("-inf")) / temperature
    ordered = tl.sort(value, descending=True)
    least = tl.max(tl.where(i == top_k - 1, ordered, float("-inf")), 0)
    keep = value >= least and i < vocab
    score = tl.where(keep, value + tl.load(noise + row * vocab + i, mask=keep, other=0.0), float("-inf"))
    tl.store(out + row, tl.argmax(score, axis=0))


def launch_sampled(kernel):
    logits, noise = (RANDOM.standard_normal((4, 30)).astype(np.float32) for _ in range(2))
    out = np.empty(4, np.int32)
    kernel[(4,)](logits, noise, out, 30, 0.5, top_k=5, BLOCK=32)
    best = np.argsort(-logits, 1)[:, :5]
    want = [row[np.argmax((logits[at] / np.float32(0.5) + noise[at])[row])] for at, row in enumerate(best)]
    assert out.tolist() == want

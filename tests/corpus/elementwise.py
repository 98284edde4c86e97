"""Element by element: masks, broadcasts, dtypes, views, random numbers."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def vector_add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out + i, tl.load(x + i, mask=mask) + tl.load(y + i, mask=mask), mask=mask)


def launch_vector_add(kernel):
    x, y, out = np.arange(300, dtype=np.float32), np.ones(300, np.float32), np.empty(300, np.float32)
    kernel[lambda meta: (triton.cdiv(300, meta["BLOCK"]),)](x, y, out, 300, BLOCK=128)
    assert (out == x + 1).all()


@triton.jit
def outer_add(x, y, out, n_x, n_y, BX: tl.constexpr, BY: tl.constexpr):
    i = tl.program_id(0) * BX + tl.arange(0, BX)
    j = tl.program_id(1) * BY + tl.arange(0, BY)
    total = tl.load(x + i, mask=i < n_x)[None, :] + tl.load(y + j, mask=j < n_y)[:, None]
    tl.store(out + j[:, None] * n_x + i[None, :], total, mask=(j < n_y)[:, None] & (i < n_x)[None, :])


def launch_outer_add(kernel):
    x, y, out = np.arange(100, dtype=np.float32), np.arange(90, dtype=np.float32), np.empty((90, 100), np.float32)
    kernel[(4, 3)](x, y, out, 100, 90, BX=32, BY=32)
    assert (out == x[None] + y[:, None]).all()


@triton.jit
def choose(x, keep, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x + i, mask=tl.load(keep + i) != 0, other=-1))


def launch_choose(kernel):
    x, keep, out = np.arange(8), np.arange(8) % 2 == 0, np.zeros(8, np.int64)
    kernel[(1,)](x, keep, out, 8)
    assert out.tolist() == [0, -1, 2, -1, 4, -1, 6, -1]


@triton.jit
def unpack_int4(words, out, N: tl.constexpr):
    i = tl.arange(0, N)
    word = tl.load(words + i // 8)
    tl.store(out + i, (word >> ((i % 8) * 4)) & 0xF)


def launch_unpack_int4(kernel):
    words, out = np.array([0x76543210, 0x12345678], np.int32), np.zeros(16, np.int32)
    kernel[(1,)](words, out, 16)
    assert out.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 7, 6, 5, 4, 3, 2, 1]


@triton.jit
def transpose(x, out, sx0, sx1, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i[:, None] * N + i[None, :], tl.load(x + i[:, None] * sx0 + i[None, :] * sx1))


def launch_transpose(kernel):
    x, out = np.arange(64, dtype=np.float32).reshape(8, 8), np.empty((8, 8), np.float32)
    kernel[(1,)](x.T, out, 1, 8, 8)
    assert (out == x.T).all()


def launch_padded_rows(kernel):
    x, out = np.arange(128, dtype=np.float32).reshape(8, 16)[:, :8], np.empty((8, 8), np.float32)
    kernel[(1,)](x, out, 16, 1, 8)
    assert (out == x).all()


def launch_zero_stride(kernel):
    x, out = np.broadcast_to(np.arange(8, dtype=np.float32), (8, 8)), np.empty((8, 8), np.float32)
    kernel[(1,)](x, out, 0, 1, 8)
    assert (out == x).all()


@triton.jit
def pairs(x, evens, out, N: tl.constexpr):
    i, j = tl.arange(0, N), tl.arange(0, N // 4)
    even, odd = tl.split(tl.reshape(tl.load(x + i), (N // 2, 2)))
    tl.store(evens + tl.arange(0, N // 2), even)
    swapped = tl.permute(tl.reshape(tl.join(odd, even), (2, N // 4, 2)), (2, 0, 1))
    at = tl.arange(0, 2)[:, None, None] * (N // 2) + tl.arange(0, 2)[None, :, None] * (N // 4) + j[None, None, :]
    tl.store(out + at, swapped)


def launch_pairs(kernel):
    x, evens, out = np.arange(16, dtype=np.int16), np.zeros(8, np.int16), np.zeros(16, np.int16)
    kernel[(1,)](x, evens, out, 16)
    assert (evens == x[::2]).all()
    assert (out == np.stack([x[1::2], x[::2]], 1).reshape(2, 4, 2).transpose(2, 0, 1).reshape(-1)).all()


@triton.jit
def gather_rows(x, out, N: tl.constexpr):
    i = tl.arange(0, 8)
    source = tl.make_tensor_descriptor(x, shape=[32, N], strides=[N, 1], block_shape=[1, N])
    target = tl.make_tensor_descriptor(out, shape=[8, N], strides=[N, 1], block_shape=[1, N])
    target.scatter(source.gather(i * 3, 0), i, 0)


def launch_gather_rows(kernel):
    x, out = np.arange(32 * 16, dtype=np.float32).reshape(32, 16), np.empty((8, 16), np.float32)
    kernel[(1,)](x, out, 16)
    assert (out == x[::3][:8]).all()


@triton.jit
def low_halves(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x.to(tl.pointer_type(tl.int16)) + 2 * i))


def launch_low_halves(kernel):
    x, out = np.arange(4, dtype=np.int32), np.zeros(4, np.int16)
    kernel[(1,)](x, out, 4)
    assert out.tolist() == [0, 1, 2, 3]


@triton.jit
def add_all(inputs, out, COUNT: tl.constexpr, N: tl.constexpr):
    i, acc = tl.arange(0, N), tl.zeros((N,), tl.float32)
    for at in tl.static_range(COUNT):
        acc += tl.load(inputs[at] + i)
    tl.store(out + i, acc)


def launch_add_all(kernel):
    inputs, out = tuple(np.full(16, value, np.float32) for value in (1, 2, 3)), np.zeros(16, np.float32)
    kernel[(1,)](inputs, out, 3, 16)
    assert (out == 6).all()


@triton.jit
def double(x, same, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(same + i, tl.load(x + i) * 2)


def launch_in_place(kernel):
    x = np.arange(16, dtype=np.float64)
    kernel[(1,)](x, x, 16)
    assert (x == 2 * np.arange(16)).all()


@triton.jit
def dropout(x, out, n, p, seed, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=i < n)
    tl.store(out + i, tl.where(tl.rand(seed, i) > p, value / (1 - p), 0.0), mask=i < n)


def launch_dropout(kernel):
    x, out = np.ones(100, np.float32), np.empty(100, np.float32)
    kernel[(2,)](x, out, 100, 0.5, 123, BLOCK=64)
    assert set(out.tolist()) == {0.0, 2.0}


@triton.jit
def scale(x, out, M: tl.constexpr, N: tl.constexpr):
    rows = tl.program_id(0) * M
    source = tl.make_tensor_descriptor(x, shape=[64, N], strides=[N, 1], block_shape=[M, N])
    target = tl.make_tensor_descriptor(out, shape=[64, N], strides=[N, 1], block_shape=[M, N])
    target.store([rows, 0], source.load([rows, 0]) * 2)


def launch_descriptors(kernel):
    x, out = np.arange(64 * 32, dtype=np.float32).reshape(64, 32), np.empty((64, 32), np.float32)
    kernel[(4,)](x, out, 16, 32)
    assert (out == 2 * x).all()


@triton.jit
def past_the_end(x, out, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i))


def launch_no_mask(kernel):
    kernel[(3,)](np.zeros(40, np.float32), np.zeros(48, np.float32), 16)


def launch_short_output(kernel):
    kernel[(3,)](np.zeros(48, np.float32), np.zeros(40, np.float32), 16)


def launch_between_rows(kernel):
    kernel[(1,)](np.zeros((4, 16), np.float32)[:, :8], np.zeros(16, np.float32), 16)


@triton.jit
def before_the_start(x, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i - 1))


def launch_shifted(kernel):
    kernel[(1,)](np.zeros(16, np.float32), np.zeros(16, np.float32), 16)


@triton.jit
def too_tall(x, out, N: tl.constexpr):
    rows = tl.make_tensor_descriptor(x, shape=[64, N], strides=[N, 1], block_shape=[8, N])
    i = tl.arange(0, 8)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + i, rows.load([28, 0]))


def launch_too_tall(kernel):
    kernel[(1,)](np.zeros((32, 16), np.float32), np.zeros((8, 16), np.float32), 16)


@triton.jit
def lost(addresses, out):
    tl.store(out, tl.load(tl.load(addresses).to(tl.pointer_type(tl.float32))))


def launch_lost(kernel):
    kernel[(1,)](np.array([4096], np.int64), np.zeros(1, np.float32))


@triton.jit
def beyond(x, out):
    tl.atomic_add(x + tl.program_id(0), tl.load(out))


def launch_beyond(kernel):
    kernel[(3,)](np.zeros(2, np.int32), np.ones(1, np.int32))

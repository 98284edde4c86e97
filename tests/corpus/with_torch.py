"""What needs torch: bfloat16 and float8 tensors, expanded views, host descriptors, products whose operands are found in memory."""

import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


@triton.jit
def add_bias(x, bias, out, n_cols, stride_bias, BLOCK: tl.constexpr):
    row, i = tl.program_id(0), tl.arange(0, BLOCK)
    mask = i < n_cols
    total = tl.load(x + row * n_cols + i, mask=mask) + tl.load(bias + row * stride_bias + i, mask=mask)
    tl.store(out + row * n_cols + i, total, mask=mask)


def launch_expanded(kernel):
    x, bias = torch.randn(4, 24).bfloat16(), torch.randn(24).bfloat16().expand(4, 24)
    out = torch.empty_like(x)
    kernel[(4,)](x, bias, out, 24, bias.stride(0), BLOCK=32)
    assert torch.equal(out, x + bias)


@triton.jit
def widen(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.load(x + i).to(tl.float32))


def launch_float8(kernel):
    for dtype in (torch.float8_e5m2, torch.float8_e4m3fn):
        x, out = torch.randn(32).to(dtype), torch.empty(32)
        kernel[(1,)](x, out, 32)
        assert torch.equal(out, x.float())


@triton.jit
def scale(x, out, M: tl.constexpr):
    rows = tl.program_id(0) * M
    out.store([rows, 0], x.load([rows, 0]) * 2)


def launch_host_descriptors(kernel):
    x, out = torch.randn(60, 32), torch.empty(60, 32)
    kernel[(4,)](TensorDescriptor.from_tensor(x, [16, 32]), TensorDescriptor.from_tensor(out, [16, 32]), 16)
    assert torch.equal(out, 2 * x)


@triton.jit
def grouped(a_addresses, b_addresses, c_addresses, T: tl.constexpr):
    group = tl.program_id(0)
    a = tl.load(a_addresses + group).to(tl.pointer_type(tl.float32))
    b = tl.load(b_addresses + group).to(tl.pointer_type(tl.float32))
    c = tl.load(c_addresses + group).to(tl.pointer_type(tl.float32))
    i = tl.arange(0, T)[:, None] * T + tl.arange(0, T)[None, :]
    tl.store(c + i, tl.dot(tl.load(a + i), tl.load(b + i)))


def launch_grouped(kernel):
    torch.manual_seed(0)
    a, b, c = ([torch.randn(16, 16) for _ in range(3)] for _ in range(3))
    kernel[(3,)](*(torch.tensor([tensor.data_ptr() for tensor in tensors]) for tensors in (a, b, c)), 16)
    assert all(torch.allclose(z, x @ y, atol=1e-4) for x, y, z in zip(a, b, c, strict=True))


@triton.jit
def microscaled(a, a_scale, b, b_scale, c, N: tl.constexpr, K: tl.constexpr):
    i, k, block = tl.arange(0, N), tl.arange(0, K), tl.arange(0, K // 32)
    x, y = tl.load(a + i[:, None] * K + k[None, :]), tl.load(b + k[:, None] * N + i[None, :])
    x_scale = tl.load(a_scale + i[:, None] * (K // 32) + block[None, :])
    y_scale = tl.load(b_scale + i[:, None] * (K // 32) + block[None, :])
    tl.store(c + i[:, None] * N + i[None, :], tl.dot_scaled(x, x_scale, "e4m3", y, y_scale, "e4m3"))


def launch_microscaled(kernel):
    torch.manual_seed(0)
    a, b = torch.randn(32, 64).to(torch.float8_e4m3fn), torch.randn(64, 32).to(torch.float8_e4m3fn)
    scales = [torch.randint(125, 130, (32, 2), dtype=torch.uint8) for _ in range(2)]  # of 32 numbers each, as powers of two from 127 on
    c = torch.empty(32, 32)
    kernel[(1,)](a, scales[0], b, scales[1], c, 32, 64)
    left, right = (torch.exp2(scale.float() - 127).repeat_interleave(32, dim=1) for scale in scales)
    assert torch.allclose(c, (a.float() * left) @ (b.float() * right.T), atol=1e-3)


@triton.jit
def square(x, out, n, BLOCK: tl.constexpr = 16):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + i, mask=i < n)
    tl.store(out + i, value * value, mask=i < n)


def launch_autograd(kernel):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x)
            out = torch.empty_like(x)
            kernel[lambda meta: (triton.cdiv(meta["n"], meta["BLOCK"]),)](x, out, x.numel())
            return out

        @staticmethod
        def backward(context, gradient):
            return 2 * context.saved_tensors[0] * gradient

    x = torch.arange(20.0, requires_grad=True)
    Square.apply(x).sum().backward()
    assert torch.equal(x.grad, 2 * x.detach())

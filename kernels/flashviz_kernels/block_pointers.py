"""Block pointers (``tl.make_block_ptr``, ``tl.advance``) where Triton has removed them: 3.9 is the first.

A block pointer is a tensor's base, shape and strides with the offsets of a block of it. A load or store through one becomes a
load or store of pointers, masked along the axes that ``boundary_check`` names, as Triton's rewrite of block pointers made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class BlockPointer:
    """A block of a tensor: ``base`` is a pointer to its first element, ``shape``, ``strides`` and ``offsets`` count elements."""

    base: Any
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offsets: tuple[int, ...]
    block_shape: tuple[int, ...]

    @property
    def type(self) -> Any:
        """A pointer to a block."""
        import triton.language as tl

        return tl.pointer_type(tl.block_type(self.base.dtype.element_ty, list(self.block_shape)))

    @property
    def dtype(self) -> Any:
        """Triton's ``dtype`` of a block pointer is its type."""
        return self.type

    def pointers(self) -> Any:
        """Those of all elements of the block."""
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        width = max(1, self.base.dtype.element_ty.primitive_bitwidth // 8)
        at = self.base.handle.data.reshape(-1)[0].astype(np.int64) + sum(
            width * stride * along for stride, along in zip(self.strides, self._along(), strict=True)
        )
        handle = TensorHandle(np.broadcast_to(at, self.block_shape).astype(np.uint64), self.base.dtype)
        return tl.tensor(handle, tl.block_type(self.base.dtype, list(self.block_shape)))

    def mask(self, checked: Sequence[int]) -> Any:
        """Which elements lie within the tensor along the ``checked`` axes; None where no axis is checked."""
        if not checked:
            return None
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        along, within = self._along(), np.ones(self.block_shape, bool)
        for axis in checked:
            within &= (along[axis] >= 0) & (along[axis] < self.shape[axis])
        return tl.tensor(TensorHandle(within, tl.int1), tl.block_type(tl.int1, list(self.block_shape)))

    def _along(self) -> list[np.ndarray]:
        """The index along each axis, broadcastable to the block."""
        sides = [offset + np.arange(size) for offset, size in zip(self.offsets, self.block_shape, strict=True)]
        return list(np.ix_(*sides))


def make_block_ptr(base: Any, shape: Any, strides: Any, offsets: Any, block_shape: Any, order: Any = None) -> BlockPointer:  # noqa: ARG001  # for the compiler
    """As Triton's.

    Raises:
        ValueError: The lists are not of one length.
    """
    block = BlockPointer(base, *(tuple(map(whole, each)) for each in (shape, strides, offsets, block_shape)))
    if len({len(block.shape), len(block.strides), len(block.offsets), len(block.block_shape)}) != 1:
        raise ValueError("expected shape, strides, offsets and block_shape of one length in make_block_ptr")
    return block


def advance(base: BlockPointer, offsets: Any) -> BlockPointer:
    """The block so many elements further along each axis."""
    return replace(base, offsets=tuple(at + whole(step) for at, step in zip(base.offsets, offsets, strict=True)))


def loading(load: Callable[..., Any]) -> Callable[..., Any]:
    """``tl.load`` that takes block pointers too."""

    def load_block(
        pointer: Any, mask: Any = None, other: Any = None, boundary_check: Any = (), padding_option: Any = "", **options: Any
    ) -> Any:
        if not isinstance(pointer, BlockPointer):
            return load(pointer, mask, other, **options)
        within = pointer.mask(axes(boundary_check))
        padding = getattr(padding_option, "value", padding_option)
        pad = None if within is None else float("nan") if padding == "nan" else 0
        return load(pointer.pointers(), within, pad, **options)

    return load_block


def storing(store: Callable[..., Any]) -> Callable[..., Any]:
    """``tl.store`` that takes block pointers too."""

    def store_block(pointer: Any, value: Any, mask: Any = None, boundary_check: Any = (), **options: Any) -> Any:
        if not isinstance(pointer, BlockPointer):
            return store(pointer, value, mask, **options)
        return store(pointer.pointers(), value, pointer.mask(axes(boundary_check)), **options)

    return store_block


def axes(checked: Any) -> list[int]:
    """The axes in ``boundary_check``; one may stand alone."""
    checked = getattr(checked, "value", checked)
    return [whole(axis) for axis in (checked if isinstance(checked, (tuple, list)) or hasattr(checked, "__iter__") else (checked,))]


def whole(number: Any) -> int:
    """A number of Triton's, of a constexpr or of Python's."""
    if hasattr(number, "handle"):
        return int(number.handle.data.reshape(-1)[0])
    return int(getattr(number, "value", number))

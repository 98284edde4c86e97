"""Codes of the statements of the backward pass, one a statement of its kernels and its twin. They are part of the file format."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """First the launch by row blocks, then that by key tiles, then the conversion of dQ, then dQ by row blocks in a fixed order.

    None is one of ``flashviz.trace.Kind``, which are the forward pass's.
    """

    FIRST_DO = 64
    FIRST_O = 65
    ROWSUM_D = 66
    STORE_D = 67
    CLEAR_DQ = 68

    KEYS_K = 72
    KEYS_V = 73
    LOAD_Q = 74
    RECOMPUTE_S = 75
    REMASK = 76
    LOAD_LSE = 77
    RECOMPUTE_P = 78
    LOAD_DO = 79
    DV_DOT = 80
    DP_DOT = 81
    LOAD_D = 82
    DS = 83
    DQ_DOT = 84
    ATOMIC_DQ = 85
    DK_DOT = 86
    STORE_DK = 87
    STORE_DV = 88

    LOAD_SUM = 92
    CONVERT_DQ = 93

    ROW_Q = 96
    ROW_DO = 97
    ROW_LSE = 98
    ROW_D = 99
    ROW_K = 100
    ROW_S = 101
    ROW_MASK = 102
    ROW_P = 103
    ROW_V = 104
    ROW_DP_DOT = 105
    ROW_DS = 106
    ROW_DQ_DOT = 107
    STORE_DQ = 108

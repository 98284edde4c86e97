"""FlashAttention, replayed from a real kernel's own trace as an explainer film of HBM and SRAM."""

__version__ = "0.1.0"

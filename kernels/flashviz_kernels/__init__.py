"""Attention kernels that report what they do: the Triton kernel, its NumPy twins, and the recorder.

algorithm    Algorithm: all that the others know of what is computed
algorithms   standard, fa1, fa2 and two of the backward pass, a file each
reference    naive -> online softmax -> tiled: the ladder, in float64
statements   what statements of attention do: what algorithms are put together of
branches     which way a twin goes where a value decides: the kernel's, unless rounding does not explain it
twins        standard, fa1 and fa2 in NumPy, each reporting its events
forward      the Triton kernel of fa2
backward     the Triton kernels of the backward pass, and backward_twin its twin
attention    flash_attention(q, k, v): the public entry point
gradients    flash_attention_backward(q, k, v, o, lse, d_o): its gradients; autograd, through which torch takes them
modes        Triton in one of two modes: compiled, or interpreted
interpreter  runs the kernel on a CPU, without torch
recorder     record(config) -> Trace
altered      fa2 without the rescale, or with key tiles in another order: for teaching
verify       kernel = twin, errors within the tolerance, bytes = closed forms
"""

from flashviz_kernels.attention import flash_attention
from flashviz_kernels.gradients import flash_attention_backward
from flashviz_kernels.recorder import record

__all__ = ["flash_attention", "flash_attention_backward", "record"]

"""Kernels of infinitely wide nets: from the angle between two rows to matrices.

Only the kernel of a net whose layers are all trained is the neural tangent kernel; `Branch` names
the others. Layers: `angles` -> `profiles`, `relu_powers` (closed forms) -> `matrices` (gram
matrices) and `cross` (many rows against a few).
"""

from ntkreg.ntk.kernel.cross import cross_kernel
from ntkreg.ntk.kernel.matrices import centre, gram
from ntkreg.ntk.kernel.profiles import profile

__all__ = ["centre", "cross_kernel", "gram", "profile"]

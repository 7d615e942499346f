"""The one vector operation under every resize and blur: 16 weighted sums at once."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from goodviews.views.compiled.jit import ZERO, exact

__all__ = ["LANES", "weighted_sums"]

LANES = 16


@intrinsic
def _vector_sums(_typing, scalars, s, hop, vectors, v, jump, count, out, o):
    """See :func:`weighted_sums`; portable vector code that LLVM fits to the processor."""
    signature = types.void(scalars, s, hop, vectors, v, jump, count, out, o)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        def address(which: int, index: Any) -> Any:
            array = context.make_array(signature.args[which])(context, builder, values[which])
            return builder.gep(array.data, [index])

        def lanes(which: int, index: Any) -> tuple[Any, Any]:
            kind = ir.VectorType(context.get_data_type(signature.args[which].dtype), LANES)
            return builder.bitcast(address(which, index), kind.as_pointer()), kind

        floats = ir.VectorType(ir.FloatType(), LANES)
        nothing = ir.Constant(floats, ir.Undefined)
        same = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        total = cgutils.alloca_once_value(builder, ir.Constant(floats, None))
        with cgutils.for_range(builder, values[6]) as loop:
            at = builder.add(values[1], builder.mul(loop.index, values[2]))
            weight = builder.load(address(0, at))
            weight = builder.insert_element(nothing, weight, ir.Constant(ir.IntType(32), 0))
            weight = builder.shuffle_vector(weight, nothing, same)
            at = builder.add(values[4], builder.mul(loop.index, values[5]))
            place, kind = lanes(3, at)
            row = builder.load(place, align=1)
            row = row if kind == floats else builder.uitofp(row, floats)
            part = builder.fmul(weight, row, flags=["contract"])
            builder.store(builder.fadd(builder.load(total), part, flags=["contract"]), total)
        place, _ = lanes(7, values[8])
        builder.store(builder.load(total), place, align=4)
        return context.get_dummy_value()

    return signature, generate


@exact
def _plain_sums(scalars, s, hop, vectors, v, jump, count, out, o):
    """The same in plain loops, for a run that checks every index."""
    for lane in range(LANES):
        total = ZERO
        for k in range(count):
            total += scalars[s + k * hop] * np.float32(vectors[v + k * jump + lane])
        out[o + lane] = total


weighted_sums = _plain_sums if config.BOUNDSCHECK else _vector_sums
"""``out[o + l] = sum over k < count of scalars[s + k hop] * vectors[v + k jump + l]``, l < 16.

``scalars`` and ``out`` are float32, ``vectors`` float32 or uint8. Nothing is checked.
"""

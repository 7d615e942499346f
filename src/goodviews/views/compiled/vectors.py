"""Vector operation of resizing and blurring: 16 weighted sums at once."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from goodviews.views.compiled.jit import ZERO, exact

LANES = 16


def _build(
    streams: int, context: Any, builder: Any, signature: Any, arrays: Any, numbers: Any
) -> None:
    """Generate the loop for sums of one row of vectors with several rows of scalars."""
    s, apart, hop, v, jump, count, o, gap = numbers

    def address(which: int, index: Any) -> Any:
        kind = signature.args[which]
        array = context.make_array(kind)(context, builder, arrays[which])
        return builder.gep(array.data, [index])

    def lanes(which: int, index: Any) -> tuple[Any, Any]:
        kind = ir.VectorType(context.get_data_type(signature.args[which].dtype), LANES)
        return builder.bitcast(address(which, index), kind.as_pointer()), kind

    floats = ir.VectorType(ir.FloatType(), LANES)
    nothing = ir.Constant(floats, ir.Undefined)
    same = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    zero = ir.Constant(floats, None)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(streams)]
    shifts = [builder.mul(apart, apart.type(stream)) for stream in range(streams)]
    with cgutils.for_range(builder, count) as loop:
        place, kind = lanes(1, builder.add(v, builder.mul(loop.index, jump)))
        row = builder.load(place, align=1)
        row = row if kind == floats else builder.uitofp(row, floats)
        at = builder.add(s, builder.mul(loop.index, hop))
        for total, shift in zip(totals, shifts, strict=True):
            weight = builder.load(address(0, builder.add(at, shift)))
            weight = builder.insert_element(nothing, weight, ir.Constant(ir.IntType(32), 0))
            weight = builder.shuffle_vector(weight, nothing, same)
            part = builder.fmul(weight, row, flags=["contract"])
            builder.store(builder.fadd(builder.load(total), part, flags=["contract"]), total)
    for stream, total in enumerate(totals):
        place, _ = lanes(2, builder.add(o, builder.mul(gap, gap.type(stream))))
        builder.store(builder.load(total), place, align=4)


@intrinsic
def _vector_sums(_typing, scalars, s, hop, vectors, v, jump, count, out, o):
    """See :data:`weighted_sums`; portable vector code that LLVM adapts to the processor."""
    signature = types.void(scalars, s, hop, vectors, v, jump, count, out, o)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        scalars, s, hop, vectors, v, jump, count, out, o = values
        kinds = signature.replace(args=tuple(signature.args[place] for place in (0, 3, 7)))
        none = s.type(0)
        numbers = (s, none, hop, v, jump, count, o, none)
        _build(1, context, builder, kinds, (scalars, vectors, out), numbers)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _vector_three(_typing, scalars, s, apart, hop, vectors, v, jump, count, out, o, gap):
    """See :data:`three_weighted_sums`."""
    signature = types.void(scalars, s, apart, hop, vectors, v, jump, count, out, o, gap)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        scalars, s, apart, hop, vectors, v, jump, count, out, o, gap = values
        kinds = signature.replace(args=tuple(signature.args[place] for place in (0, 4, 8)))
        numbers = (s, apart, hop, v, jump, count, o, gap)
        _build(3, context, builder, kinds, (scalars, vectors, out), numbers)
        return context.get_dummy_value()

    return signature, generate


@exact
def _plain_sums(scalars, s, hop, vectors, v, jump, count, out, o):
    """Plain loops with the same result, for runs that check every index."""
    for lane in range(LANES):
        total = ZERO
        for k in range(count):
            total += scalars[s + k * hop] * np.float32(vectors[v + k * jump + lane])
        out[o + lane] = total


@exact
def _plain_three(scalars, s, apart, hop, vectors, v, jump, count, out, o, gap):
    for stream in range(3):
        begin = s + stream * apart
        _plain_sums(scalars, begin, hop, vectors, v, jump, count, out, o + stream * gap)


weighted_sums = _plain_sums if config.BOUNDSCHECK else _vector_sums
"""``out[o + l] = sum over k < count of scalars[s + k hop] * vectors[v + k jump + l]``, l < 16.

``scalars`` and ``out`` are float32, ``vectors`` float32 or uint8. Indices are not checked.
"""

three_weighted_sums = _plain_three if config.BOUNDSCHECK else _vector_three
"""Sums for three rows of scalars at distance ``apart``, stored in outputs at distance ``gap``."""

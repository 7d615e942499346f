"""Numbers of the steps that there are kernels for, known to Python and to the kernels."""

__all__ = ["BLUR", "CROP", "FLIP", "GREY", "JITTER"]

CROP, FLIP, JITTER, GREY, BLUR = range(5)

"""Numbers of the steps with kernels, as used in Python and in the kernels."""

CROP, FLIP, JITTER, GREY, BLUR = range(5)

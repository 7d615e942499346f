"""Numbers of the steps that there are kernels for, known to Python and to the kernels."""

CROP, FLIP, JITTER, GREY, BLUR = range(5)

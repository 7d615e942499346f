"""Compositions among which the truth is looked for, fixed before any study was run.

Twelve for each kind of data, in the range that practitioners use: crops from weak to strong, with
and without flips, colour, rotation, noise and blur, and published presets.
"""

NATURAL = (
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.08, 1))|flip()",
    "crop(scale=(0.2, 1))|flip()|jitter(0.5)",
    "simclr()",
    "infomin()",
    "crop(scale=(0.2, 1))|flip()|grey(p=0.2)",
    "crop(scale=(0.35, 1))|flip()|jitter(0.25)|rotate(10)",
    "crop(scale=(0.2, 1))|flip()|jitter(0.5)|blur()",
    "crop(scale=(0.5, 1))|flip()|colourjitter(0.4, 0.4, 0.4, 0.1)|noise(0.05)",
    "flip()|jitter(1)|grey(p=0.2)",
    "crop(scale=(0.35, 1))|flip()|randaugment()",
    "crop(scale=(0.35, 1))|flip()|jitter(0.5)|cutout(0.3)",
)
TOPDOWN = (
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.08, 1))|flip()",
    "crop(scale=(0.2, 1))|flip()|vflip()",
    "simclr()",
    "satellite()",
    "crop(scale=(0.35, 1))|rotate(180)",
    "crop(scale=(0.35, 1))|flip()|vflip()|rotate(180)|brightness(0.3)|contrast(0.3)",
    "crop(scale=(0.5, 1))|rotate(180)|colourjitter(0.2, 0.2, 0.2, 0.05)",
    "rotate(180)|affine(0, 0.1, (0.8, 1.2), 10)|noise(0.05)",
    "crop(scale=(0.35, 1))|rotate(180)|blur()|noise(0.05)",
    "flip()|vflip()|jitter(1)|grey(p=0.2)",
    "crop(scale=(0.35, 1))|flip()|vflip()|cutout(0.3)",
)
SYMBOLS = (
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.6, 1))",
    "crop(scale=(0.2, 1))",
    "documents()",
    "medical()",
    "rotate(15)|affine(0, 0.1, (0.8, 1.2), 10)",
    "crop(scale=(0.5, 1))|rotate(15)",
    "crop(scale=(0.5, 1))|rotate(15)|affine(0, 0.1, (0.8, 1.2), 10)|noise(0.1)",
    "crop(scale=(0.5, 1))|rotate(30)|blur()",
    "translate(0.2)|noise(0.2)",
    "crop(scale=(0.35, 1))|brightness(0.4)|contrast(0.4)",
    "crop(scale=(0.5, 1))|rotate(15)|cutout(0.4)",
)
PANELS = {"natural": NATURAL, "topdown": TOPDOWN, "symbols": SYMBOLS}

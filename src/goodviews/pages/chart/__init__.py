"""Charts as SVG: the curve, points, lines, heat maps."""

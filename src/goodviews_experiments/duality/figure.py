"""The figure of the duality comparison, made from its tables."""

from pathlib import Path

from goodviews_experiments.shared.figures import INK, read_numbers, write_figure


def duality_figure(folder: Path) -> Path:
    """Draw accuracy by method and projector, and the off-diagonals over training.

    Args:
        folder: Where ``methods.csv``, ``comparisons.csv`` and ``training.csv`` are, and
            ``figure.svg`` and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    levels, differences, ways = (
        read_numbers(folder / f"{name}.csv") for name in ("methods", "comparisons", "training")
    )
    heads = list(dict.fromkeys(row["head"] for row in levels))
    methods = list(dict.fromkeys(row["method"] for row in levels))
    scale = alt.Scale(domain=heads, range=[INK["missing"], INK["excess"]])
    legend = alt.Legend(orient="top", labelLimit=300)
    colour = alt.Color("head:N", title="projector", scale=scale, legend=legend)
    y = alt.Y("method:N", title=None, sort=methods, axis=alt.Axis(labelLimit=200))
    place = alt.YOffset("head:N", sort=heads)
    points = alt.Scale(zero=False, nice=True)
    data = alt.Data(values=levels)
    level = alt.layer(
        alt.Chart(data)
        .mark_rule(strokeWidth=2)
        .encode(
            y=y, yOffset=place, x=alt.X("low:Q", scale=points), x2=alt.X2("high:Q"), color=colour
        ),
        alt.Chart(data)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            y=y,
            yOffset=place,
            x=alt.X("points:Q", scale=points, title="linear readout, points of 100"),
            color=colour,
        ),
    ).properties(width=300, height=40 * len(methods))
    panels = []
    for column, title in (
        ("gram_rms", "Gram, off the diagonal"),
        ("correlation_rms", "correlation of dimensions, off the diagonal"),
    ):
        panels.append(
            alt.Chart(alt.Data(values=ways))
            .mark_line(strokeWidth=1.5, opacity=0.8)
            .encode(
                x=alt.X("step:Q", title="step"),
                y=alt.Y(f"{column}:Q", title="root mean square"),
                color=colour,
                detail="seed:N",
                column=alt.Column(
                    "method:N", sort=methods, title=title, header=alt.Header(labelLimit=160)
                ),
            )
            .properties(width=110, height=110)
        )
    spreads = [row for row in differences if row["kind"] == "spread"]
    said = "; ".join(
        f"{row['head']}: {row['points']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"
        for row in spreads
    )
    return write_figure(
        alt.vconcat(level, *panels),
        folder,
        "One encoder, one optimiser, losses of both families",
        f"Best less worst of four methods in points, by projector: {said}. Bars: 95 %.",
    )

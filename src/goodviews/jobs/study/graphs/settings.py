"""How a study of graphs pretrains: small encoders, and the runs they are compared with."""

from dataclasses import replace

from goodviews.methods import method
from goodviews.training import Settings

_EDGES, _FEATURES = (0.0, 0.3, 0.6, 0.9), (0.0, 0.3, 0.6)

DEFAULT_VIEWS = tuple(
    f"drop_edges({edges})|mask_features({features})" for edges in _EDGES for features in _FEATURES
)
"""Shares of dropped edges by shares of masked features, the same in both views."""


def study_settings(level: str) -> Settings:
    """Settings of a study's runs: GRACE, or GraphCL for whole graphs, with a small encoder.

    Args:
        level: ``nodes``, ``graphs`` or ``links``.

    Example:
        >>> study_settings("nodes").encoder, study_settings("graphs").name
        ('gcn(width=64, hidden=128, layers=2)', 'graphcl')
    """
    if level == "graphs":
        return method("graphcl")
    return replace(
        method("grace"),
        encoder="gcn(width=64, hidden=128, layers=2)",
        head="mlp(dim=64)",
        optimiser="adam(lr=0.002, weight_decay=1e-05)",
        batch=384,
        epochs=120,
    )


def supervised_settings(level: str, encoder: str) -> Settings:
    """Settings of the baseline that learns from the labels alone.

    Args:
        level: ``nodes`` or ``graphs``.
        encoder: The encoder of the study, which is also that of the baseline for graphs.

    Example:
        >>> supervised_settings("nodes", "").epochs
        100
    """
    settings = replace(method("gcn"), epochs=100)
    if level == "graphs":
        return replace(settings, encoder=encoder, batch=64, epochs=20)
    return settings

"""Write the representations of images to a file."""

from goodviews.jobs.embed.job import Embedding, embed

__all__ = ["Embedding", "embed"]

"""Encoder of clips: one representation for all frames.

Letters: B clips, T frames, C channels, H and W pixels, F representation.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class SequenceEncoder(nn.Module):
    """Image encoder of each frame, followed by an LSTM whose last state is the representation.

    Args:
        backbone: Module from (B, C, H, W) to (B, F), with its F in ``features``.
        hidden: Size of the state of the LSTM, which is ``features`` of this module.

    References:
        Tian et al., 2020, appendix (Colorful Moving-MNIST), arXiv:2005.10243; hidden size 64.

    Example:
        >>> import torch
        >>> from goodviews.encoders.small import ConvNet
        >>> encoder = SequenceEncoder(ConvNet(channels=1, size=8, width=4)).eval()
        >>> encoder(torch.zeros(2, 5, 1, 8, 8)).shape
        torch.Size([2, 64])
    """

    def __init__(self, backbone: nn.Module, *, hidden: int = 64) -> None:
        super().__init__()
        if hidden < 1:
            raise InputError(f"SequenceEncoder needs hidden >= 1, but got hidden={hidden}.")
        self.backbone = backbone
        self.lstm = nn.LSTM(int(backbone.features), hidden, batch_first=True)  # type: ignore[arg-type]
        self.features = hidden

    def forward(self, clips: Tensor) -> Tensor:
        """Map clips (B, T, C, H, W) to representations (B, F)."""
        if clips.ndim != 5:
            raise InputError(
                f"SequenceEncoder expects clips (B, T, C, H, W), but got {tuple(clips.shape)}."
            )
        frames = self.backbone(clips.flatten(0, 1))
        _, (last, _) = self.lstm(frames.unflatten(0, clips.shape[:2]))
        return last[-1]

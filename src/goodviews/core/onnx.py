"""ONNX graphs as bytes."""

from typing import Any


def onnx_bytes(program: Any) -> bytes:
    """A graph without the notes of torch, which name source files of this machine.

    Args:
        program: What :func:`torch.onnx.export` returned.
    """
    model = program.model_proto
    _forget_notes(model)
    data: bytes = model.SerializeToString()
    return data


def _forget_notes(message: Any) -> None:
    for field, value in message.ListFields():
        if field.name in ("metadata_props", "doc_string"):
            message.ClearField(field.name)
        elif field.message_type is not None:
            for one in [value] if hasattr(value, "ListFields") else value:
                _forget_notes(one)

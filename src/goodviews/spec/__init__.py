"""The language of views: specs as text, the names they may use, the files they name."""

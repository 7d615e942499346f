"""The language of views: specs as text, the names they can use, the files they refer to."""

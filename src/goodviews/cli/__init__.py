"""The command line: each verb is a file, imported when it is called."""

__all__: list[str] = []

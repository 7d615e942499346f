"""The command line: each verb is a file, imported when it is called."""

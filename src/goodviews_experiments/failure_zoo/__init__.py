"""Does the monitor detect failures made on purpose?"""

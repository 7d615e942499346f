"""Are results at 4 and 16 times the length of a study what its forecast says?"""

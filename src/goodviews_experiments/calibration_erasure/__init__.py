"""Does a study detect that a view erases the label?"""

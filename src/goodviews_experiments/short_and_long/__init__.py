"""Does a short study choose the view that a long one would?"""

"""How many labels does it take to choose the view?"""

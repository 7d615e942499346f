"""Do scores that need no labels order views by their held-out accuracy?"""

"""The ImageNet recipe, a few steps of it, stopped and resumed."""

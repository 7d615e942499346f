"""Colorful Moving-MNIST: which shared factor does the encoder keep?"""

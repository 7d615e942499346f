"""Colorful Moving-MNIST: which shared factor can be read out?"""

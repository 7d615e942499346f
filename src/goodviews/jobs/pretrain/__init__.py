"""Pretrain an encoder with any method, backbone and views."""

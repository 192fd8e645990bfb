"""Inputs of real kinds that once failed: a module for each, named by its number and kind.

Each test says in words what is expected, by the fixture ``seen``, which also fails it where something else was seen:
``pytest tests/cases`` prints a line for each.
"""

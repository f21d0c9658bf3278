"""The types that pass between the rooms: frozen, with units in their names, and no behaviour.

``None`` always means "the evidence does not say".
"""

"""The case file: what was read and concluded, so that questions need no second reading."""

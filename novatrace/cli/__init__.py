"""The command line: one thin file a command; everything is done by ``pipeline``."""

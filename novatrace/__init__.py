"""novatrace: log forensics for OpenStack Nova's migrations."""

__version__ = "0.1.0"

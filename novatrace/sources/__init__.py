"""From paths to evidence and byte blocks: files, rotated sets, compression, standard input, node names."""

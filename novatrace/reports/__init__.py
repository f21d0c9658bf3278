"""Reports: one neutral view of a case, one file for each output format."""

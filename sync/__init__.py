"""The offline protocol: what tablets send and receive, without HTTP."""

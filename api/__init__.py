"""HTTP: parse, authenticate, call one command or query, answer. The only folder that knows Flask."""

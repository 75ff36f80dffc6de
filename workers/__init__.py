"""Background work: the relay from the outbox to the queue, the jobs, and the clock. The only folder that knows RQ."""

"""What an unmodified dwave-cloud-client takes for Leap: problems are sampled here, faults come on command."""

"""What puts Queuebit on servers: the chart of Kubernetes rendered, kept as it renders, and checked."""

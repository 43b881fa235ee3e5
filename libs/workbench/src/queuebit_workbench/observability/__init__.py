"""What is promised, who is told when it is not kept, and the pictures of it: files for Prometheus and Grafana."""

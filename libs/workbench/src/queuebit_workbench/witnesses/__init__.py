"""Programs of others that say whether it is true: porcupine over histories, and Kafka's own verifiable clients."""

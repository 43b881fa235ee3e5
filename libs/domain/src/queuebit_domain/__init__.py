"""What is decided and why, without a clock, a network or a store: contracts in, contracts out."""

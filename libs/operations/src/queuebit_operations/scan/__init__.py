"""All that the store holds, stream by stream: whole, or what an operator selects."""

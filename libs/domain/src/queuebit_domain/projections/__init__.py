"""Tables folded from the events of all jobs: each a pure fold with a name and a version."""

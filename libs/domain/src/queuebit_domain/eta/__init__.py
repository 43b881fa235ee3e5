"""Why a job waits, in one code and one sentence, and when it is expected to end. Pure."""

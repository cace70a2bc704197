"""A simulated LLM provider: OpenAI-compatible, with a truth about its own usage and faults to switch."""

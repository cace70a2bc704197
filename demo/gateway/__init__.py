"""The LLM gateway: one OpenAI-compatible door in front of several providers, hiding the failures of each."""

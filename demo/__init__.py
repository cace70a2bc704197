"""UltraAI's stand-in: an LLM gateway and simulated providers with switchable faults. Imports nothing of ours."""

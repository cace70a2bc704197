"""UltraAI's stand-in: an LLM gateway, simulated model providers and a batch job, all with switchable faults.

It is the system that gets watched, so it knows nothing of who watches: it speaks Prometheus, OpenTelemetry and HTTP only.
"""

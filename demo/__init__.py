"""UltraAI's stand-in: LLM gateway, simulated model providers, a batch job; all with switchable faults.

It is the system that gets watched, so it knows nothing of who watches: it speaks Prometheus, OpenTelemetry
and HTTP only.
"""

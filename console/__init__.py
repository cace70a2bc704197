"""The console: the inbox of pages, and the web pages that an on-call engineer opens at night."""

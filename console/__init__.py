"""The console: the pager's inbox, runbooks and the pages that an on-call engineer opens."""

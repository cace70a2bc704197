"""The calendar: which services are under planned maintenance, by the catalog."""

"""The usage roll-up: a batch job that turns the providers' own counts into the totals that customers are billed from."""

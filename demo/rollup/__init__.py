"""The usage roll-up: a batch job turning the providers' counts into totals that customers are billed from."""

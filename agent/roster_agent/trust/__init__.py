"""What this server believes: the rules, the keys, the limits, and what is refused. Nothing here reads or writes."""

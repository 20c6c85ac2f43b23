"""The way to the feed: addresses, HTTP, the calls that the feed has, and how a machine is enrolled."""

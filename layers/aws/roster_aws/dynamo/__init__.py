"""The one table: its keys, the items of each kind, and the lease under which a site's are changed."""

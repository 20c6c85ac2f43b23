"""How people hear of a site: by mail, by HTTPS, and in a channel of Teams."""

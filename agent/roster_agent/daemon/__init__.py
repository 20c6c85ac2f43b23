"""The agent that runs by itself: when it pulls, its log, its watchdog, and the service that starts it."""

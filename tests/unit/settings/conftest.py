"""Property tests with the same examples on every run, as in tests/unit/roster."""

from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("same"), derandomize=False, max_examples=20_000)
settings.load_profile("same")

"""Property tests: the same examples on every run, so that a change is judged by what it changes.

`pytest tests/unit/roster --hypothesis-profile=explore` looks for new ones.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("same"), derandomize=False, max_examples=20_000)
settings.load_profile("same")

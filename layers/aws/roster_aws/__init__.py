"""Where the rules meet AWS: the only place in the cloud's code that knows boto3.

`importing` is the work itself, in order; `inbox`, `results`, `store`, `projection` and `queue` are its hands;
`enrolment` knows the servers; `telemetry` tells what happened.
"""

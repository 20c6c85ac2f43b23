"""Where the rules meet AWS: the only place in the cloud's code that knows boto3.

`importing` is the work itself, in order; `inbox`, `results`, `store`, `projection` and `queue` are its hands;
`management` and `orders` are what people ask for, `looking` is what they look at; `enrolment` and `fleet` know the
servers; `reports` tells what happened, `watching` what did not.
"""

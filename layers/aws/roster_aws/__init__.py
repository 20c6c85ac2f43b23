"""Where the rules meet AWS: the only place in the cloud's code that knows boto3.

`importing` is the work itself, in order; `inbox`, `results`, `store`, `projection` and `queue` are its hands;
`management`, `questions` and `orders` are what people ask for, `looking` is what they look at; `feed` is what servers
ask for, `enrolment` and `fleet` know them; `signing` and `keyring` prove a version; `reports` tells what happened,
`watching` what did not.
"""

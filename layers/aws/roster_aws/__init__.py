"""Where the rules meet AWS: the only place in the cloud's code that knows boto3.

`importing` is the work itself, in order; `inbox`, `results`, `store`, `projection` and `queue` are its hands, and
`dynamo` has the items of the one table. `admin` and `orders` are what people change, `views` is what they look at.
`serving` is what servers ask for, `enrolment` and `fleet` know them; `intake` takes what uploaders bring. `signing`
proves a version. `logbook` tells what happened, `watching` what did not, `telling` has people hear of it. `leaving` is
the end of a site.
"""

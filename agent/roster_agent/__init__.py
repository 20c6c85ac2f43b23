"""The agent on an Impero server: pulls a site's versions, keeps a local mirror, delivers the CSVImport folder.

How the folders hang together, outside in::

    cli ─┬─ net      enrol: a code becomes an enrolment; feed_client: the calls that the feed has
         ├─ daemon   run: pulls by itself, as a service, until it is asked to stop
         ├─ support  what a person asks: answers from the mirror, the doctor
         └─ update   pull: the workflow of a pull, in order
             ├─ trust   every rule about what is believed, and what is refused; no IO
             └─ disk    the state folder, the mirror, the CSVImport folder

At the top is what all of them use: ``version`` (one whole roster), ``agent_settings`` (agent.toml), and ``failures``,
which has everything that can go wrong, sorted by whose fault it is.
"""

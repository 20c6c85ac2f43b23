"""The agent on an Impero server: pulls a site's versions, keeps a local mirror, delivers the CSVImport folder.

How the modules hang together, outside in::

    cli ── enrol ─┬─ feed ──── trust      cli      reads the command line, prints, chooses the exit status
     │            ├─ folder ── durable    enrol    a code becomes an enrolment
     └──── pull ──┼─ mirror ── version    pull     the workflow of a pull, in order
                  └─ state ─── durable    trust    every rule about what is believed, without IO

``failures`` has everything that can go wrong, sorted by whose fault it is.
"""

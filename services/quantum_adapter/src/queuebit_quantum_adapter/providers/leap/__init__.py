"""D-Wave's cloud Leap: quantum annealers, through the layer of resources of its own client. Needs the extra `leap`."""

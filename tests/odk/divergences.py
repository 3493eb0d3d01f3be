"""Where we differ from @getodk/xforms-engine on purpose: each has a name, which docs/formats/xform.md explains."""


def refusal(why):
    """The name of the divergence when a form is refused for it, else None."""
    return None


class Context:
    """What has happened in a walk, as far as the divergences need it."""

    def __init__(self, walk):
        self.walk = walk
        self.used = set()
        self.over = False       # nothing can be compared any more

    def step(self, operation):
        pass

    def explains(self, difference, theirs, ours):
        return False

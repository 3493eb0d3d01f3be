"""A command that must end soon: what it takes of the processor is held, not the time on the wall, which is also everybody else's."""
import resource
import subprocess

SECONDS = 20          # of the processor, for one command with sanitizers; without, each takes less than one
HANGS = 240           # seconds on the wall after which a command does not end by itself any more


def spent():
    """Seconds of the processor that all commands took that ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, **more):
    """As subprocess.run(). Raises subprocess.TimeoutExpired for a command that takes too much or does not end."""
    before = spent()
    done = subprocess.run(command, timeout=HANGS, **more)
    if spent() - before > SECONDS:
        raise subprocess.TimeoutExpired(command, SECONDS)
    return done

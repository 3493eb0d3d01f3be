"""Where we differ from @getodk/xforms-engine 0.22.0 on purpose: each has a name, which docs/formats/xform.md explains."""
import pathlib
import re


def refusal(why):
    """The name of the divergence when a form is refused for it, else None."""
    return None


def blank_first_value(field, reference, theirs, ours, own):
    """White space alone is no first value."""
    return field == "value" and isinstance(theirs, str) and theirs.isspace() and ours == ""


def hidden_choice_validity(field, reference, theirs, ours, own):
    """A choice that is not offered is blank for every check. Theirs still checks the value behind it, until something else changes."""
    node = next((n for n in own["nodes"] if n[0] == reference), None)
    stale = (field == "constraint" and ours and not theirs) or (field == "answered" and theirs and not ours)
    return stale and node is not None and node[7] is not None and node[6] == ""


def upload_default(field, reference, theirs, ours, own):
    """An upload that is cleared is blank. Theirs goes back to the form's own file."""
    return field == "value" and ours == "" and isinstance(theirs, str) and theirs.startswith("jr://")


NAMED = {"blank-first-value": blank_first_value, "hidden-choice-validity": hidden_choice_validity, "upload-default": upload_default}


OTHERS = ("event-after-removal",)


def undocumented(names):
    """Those of the names that the page about XForms does not explain."""
    page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats" / "xform.md"
    text = page.read_text(encoding="utf-8")
    return [name for name in names if f"`{name}`" not in text]


class Context:
    """What has happened in a walk, as far as the divergences need it."""

    def __init__(self, walk):
        with open(walk[0]["form"], encoding="utf-8", errors="replace") as form:
            self.text = form.read()
        self.used = set()
        self.over = False       # nothing can be compared any more

    def step(self, operation):
        """A repeat's listeners stay where an entry was that has been removed (theirs): event-after-removal."""
        if operation["op"] == "remove" and re.search("<repeat.*xforms-value-changed.*</repeat", self.text, re.DOTALL):
            self.over = True
            self.used.add("event-after-removal")

    def explains(self, difference, theirs, ours):
        field, reference, their_value, our_value = difference
        for name, fits in NAMED.items():
            if fits(field, reference, their_value, our_value, ours):
                self.used.add(name)
                return True
        if field == "xml" and self.used & {"blank-first-value", "upload-default"}:
            return True         # it holds the same value
        return False

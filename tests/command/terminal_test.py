#!/usr/bin/env python3
"""Drives the terminal interview as people do: at a terminal (a pty, and tmux), and with answers from a pipe.

usage: terminal_test.py SURVEY SCRATCH    (from the source folder)"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PATIENCE = 120      # seconds for a sentence to appear: only a failure waits that long
FAILURES = []
FORM = """<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="small" version="1" xml:lang="en">
  <title>A small form</title>
  <choices id="country"><choice code="NE">Niger</choice><choice code="NG">Nigeria</choice><choice code="BG">България</choice>
    <choice code="CI">Côte d'Ivoire</choice><choice code="GM">Gambia</choice></choices>
  <choices id="place"><choice code="10">North</choice><choice code="20">South</choice>
    <choice code="11" parent="10">Newton</choice><choice code="21" parent="20">Newton</choice>
    {many}</choices>
  <choices id="agree"><choice code="1">Fully</choice><choice code="22">{long}</choice></choices>
  <section id="work"><title>Work</title>
    <question id="sure" type="boolean"><label>Did you work?</label></question>
    <question id="hours" type="integer" unit="hours" required="true" certain="true"><label>How long?</label>
      <instruction>Do not read out.</instruction>
      <check that=". &lt;= 90">There are no more than 90 hours.</check>
      <check that=". &lt;= 60" severity="soft">That is long: is it right?</check></question>
    <question id="country" type="single" choices="country"><label>Which country?</label></question>
  </section>
  <note id="read">Please read this.</note>
  <question id="place" type="single" choices="place" appearance="search"><label>Which place?</label></question>
  <grid id="g" choices="agree"><label>How far do you agree?</label><row id="g1">Work is good.</row><row id="g2">Pay is good.</row></grid>
  <question id="key" type="key"><label>Your code?</label></question>
  <roster id="job"><label>A job you had</label>
    <question id="what" type="text"><label>Which job?</label></question>
  </roster>
  <question id="said" type="text"><label>What else?</label></question>
</questionnaire>
""".format(many="".join(f'<choice code="{100 + i}">Village {i}</choice>' for i in range(30)), long="In part, " + "which is a long label, " * 6)
TRANSLATION = """<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="questionnaire.xml" source-language="en" target-language="{lang}"
 datatype="xml"><body><trans-unit id="country/label"><source>Which country?</source><target>{text}</target></trans-unit>
<trans-unit id="country/NE"><source>Niger</source><target>{niger}</target></trans-unit></body></file></xliff>
"""


def check(holds, what, shown=""):
    if not holds:
        FAILURES.append(what)
        print(f"FAIL: {what}\n{shown}")


def survey(*arguments, lines=None, environment=None):
    """Runs the command with lines on its standard input. Returns exit status, standard output, standard error."""
    text = lines if isinstance(lines, bytes) else "".join(line + "\n" for line in lines or []).encode()
    done = subprocess.run([SURVEY, *arguments], input=text, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})
    return done.returncode, done.stdout.decode("utf-8", "strict"), done.stderr.decode("utf-8", "strict")


def interview(study, case, lines, *more):
    status, out, err = survey("interview", study, "--case", case, *more, lines=lines)
    check(status == 0, f"{case}: exit status {status}", out + err)
    return out


def stored(out):
    return re.findall(r"^= (.*)$", out, re.M)


class Screen:
    """A terminal with the interview in it."""

    def __init__(self, *arguments, **environment):
        self.text, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("NO_COLOR", "COLUMNS"):
                os.environ.pop(name, None)
            os.environ.update({"LC_ALL": "C.UTF-8", "TERM": "xterm", **environment})
            os.execv(SURVEY, [SURVEY, *arguments])

    def expect(self, sentence):
        """Waits for the sentence after what was expected before."""
        end = time.monotonic() + PATIENCE
        while sentence not in self.text[self.at:]:
            ready = select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:     # the other side has ended
                data = b""
            if not data:
                check(False, f"on the screen: {sentence!r}", self.text[-1500:])
                return
            self.text += data.decode("utf-8", "replace")
        self.at = self.text.index(sentence, self.at) + len(sentence)

    def type(self, line, then):
        os.write(self.fd, (line + "\n").encode())
        self.expect(then)

    def end(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return status


def make_study(name, questionnaire):
    path = os.path.join(SCRATCH, name)
    for suffix in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)
    status, out, err = survey("study", "create", path, "--questionnaire", questionnaire)
    check(status == 0, f"study create {name}", out + err)
    return path


def test_pipe(study):
    out = interview(study, "pipe", ["y", "", ":dk", "95", "70", "counted twice", "niger", "x", "newton", "21", "22", "1", "abc123def", "y", "cook", "n", "end"])
    check(stored(out) == ["sure: yes", "hours: 70", "country: NE Niger", "place: 21 Newton", "g1: 22 In part, " + ("which is a long label, " * 6).strip(),
                          "g2: 1 Fully", "key: ••••", "job:1/what: cook", "said: end"], "stored answers, one line each", out)
    for sentence in ("1 of ", "\nWork\n", "Interviewer: Do not read out.", "Answer (hours): ", "! There are no more than 90 hours.", "? That is long: is it right?\n  To keep this answer, type the reason; Enter to answer again.\nReason: \n= hours: 70",
                     "    11  Newton — North", "    21  Newton — South", "How far do you agree?\nWork is good.", "entry 1 of 1", "The interview is complete and stored."):
        check(sentence in out, f"piped: {sentence!r}", out)
    check(out.count("An answer is needed here") == 2, "a required answer: neither Enter nor :dk", out)
    check("\x1b" not in out, "piped output has no escape codes", out)
    check("abc123def" not in out, "a key is not shown", out)
    check(out.count("How far do you agree?") == 1, "the question of a grid stands once above its rows", out)
    # A label that is longer than the line goes on below its beginning.
    check(re.search(r"\n    22  In part, which .*\n        \S", out) is not None, "a long label hangs", out)
    check(all(len(line) <= 80 or line.startswith("= ") for line in out.splitlines()), "no line is wider than 80 columns", out)
    status, out, err = survey("interview", study, "--case", "pipe")
    check(status == 1 and "complete" in err, "a complete interview", f"{status} {out} {err}")


def test_search(study):
    start = ["n", "1"]
    out = interview(study, "search", start + ["NIG", "3", "zzz", "cote d'ivoire", ":review country", "balgariya", ":review country", "bg", ":review country", "nig,ger"])
    check(stored(out)[2:] == ["country: CI Côte d'Ivoire", "country: BG България", "country: BG България"], "found without accents, in Latin letters, by code", out)
    check("NE  Niger\n    NG  Nigeria\n  Several match" in out, "several matches", out)
    check("There is no code '3' here." in out and "Nothing matches 'zzz'" in out, "no match", out)
    out = interview(study, "many", start + ["gam", "village", "1", ":list", "village 17"])
    check(out.count("Village") == 15 + 13 + 30 + 1 and "and 17 more" in out and "and 15 more: type more letters." in out, "15 matches are listed, and how many more", out)
    check("There is no code '1' here." in out and stored(out)[-1] == "place: 117 Village 17", "digits are no letters", out)


def test_commands(study):
    out = interview(study, "commands", ["<", ":nonsense", ":reviw", ":lang xx", ":lang", ":list", ":note said first", ":note", "said then", ":clear", "?", ":review", "n", "7",
                                        ":review", "2", ":quit"])
    for sentence in ("This is the first question.", "There is no command ':nonsense'", "Did you mean :review?", "not in the language 'xx'", "en ar bg",
                     "This question has no list", "Remark: said first", "The remark is kept.", "Question sure", "Nothing has been answered yet.", "   2  hours: 7 — How long?",
                     "Answered: 7", "Suspended. Everything answered so far is kept."):
        check(sentence in out, f"commands: {sentence!r}", out)
    # A correction goes on to what is open: the note that was read does not come again.
    out = interview(study, "correction", ["n", "7", "BG", ":review hours", "8"])
    check(stored(out)[-1] == "hours: 8" and out.count("Please read this.") == 1 and out.rstrip().count("Which place?") == 2, "a correction", out)
    # Where nobody presses Enter a text is only shown, also on the way back.
    out = interview(study, "back", ["n", "7", "BG", "<", "NE"])
    check(stored(out)[-1] == "country: NE Niger" and "Answered: BG" in out, "back over a text", out)


def test_hostile(study):
    lines = b"n\n" + b"7" * 70000 + b"\n\x00\n\xff\xfe\n7\x1b[2J\n5\nBG\n11\n1\n1\n:dk\nn\n" + "tab\there \u202eturned".encode() + b"\n"
    out = interview(study, "hostile", lines)
    check(stored(out)[1] == "hours: 5" and "That line is too long" in out and out.count("characters that are no text") == 3, "lines that are no answer", out)
    check(all(c not in out for c in "\x1b\x00\x9b\u202e"), "nothing of them reaches the terminal", repr(out))
    for locale in ("C", "POSIX", "nowhere"):
        status, out, err = survey("interview", study, "--case", "locale", "--lang", "bg", environment={"LC_ALL": locale})
        check(status == 0 and "Отговор" in out, f"LC_ALL={locale}", out + err)
    for arguments, wanted, sentence in ((("nothing.study",), 3, "there is no file"), ((__file__,), 1, "not a study"), ((study, "--form", "zzz"), 1, "'zzz'"),
                                        ((study, "--lang", "xx"), 1, "'xx'"), ((study, "--seed", "x"), 2, "--seed"), ((), 2, "missing")):
        status, out, err = survey("interview", *arguments)
        check(status == wanted and sentence in err and out == "", f"interview {arguments}", f"{status} {out} {err}")


def test_languages(study):
    out = interview(study, "bg", ["д", "7", "нигер", ":lang en", "22"], "--lang", "bg")
    for sentence in ("Отговор (hours): ", "В коя държава?", "\n    NE  Нигер\n", "= country: NE Нигер", "Прекъснато."):
        check(sentence in out or sentence == "Прекъснато.", f"bg: {sentence!r}", out)
    check(out.rstrip().endswith("The same command goes on from here."), "the language at the end", out)
    out = interview(study, "ar", ["n", "7", "NE"], "--lang", "ar")
    check("NE  \u2067النيجر\u2069" in out and "= country: NE \u2068النيجر\u2069" in out, "labels written from right to left stand apart", out)


def test_terminal(study):
    screen = Screen("interview", study, "--case", "pty")
    screen.expect("Did you work?")
    check("\x1b[1mDid you work?" in screen.text, "a question stands out", repr(screen.text))
    screen.type("y", "How long?")
    screen.type("", "An answer is needed here")
    screen.type("70", "Reason: ")
    screen.type("", "Answer (hours): ")
    screen.type("70", "Reason: ")
    screen.type("harvest", "Which country?")
    screen.type("<", "Answered: 70")
    screen.type("8", "Which country?")
    screen.type("България", "Please read this.")
    screen.type(":lang bg", "Enter за продължение: ")
    check("    BG  България" in screen.text.replace("\r", ""), "what the letters meant is shown", screen.text)
    screen.type("x", "Тук не се пише нищо")
    screen.type("", "Which place?")
    other = survey("interview", study, "--case", "other")
    check(other[0] == 3 and "process" in other[2], "one at a time", str(other))
    os.write(screen.fd, b"\x03")
    screen.expect("Прекъснато.")
    status = screen.end()
    check(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, f"Ctrl-C: status {status}")
    check("= " not in screen.text, "no transcript for who sees the screen", screen.text)

    screen = Screen("interview", study, "--case", "pty", NO_COLOR="1")
    screen.expect("Продължава прекъснатото интервю.")
    screen.expect("Which place?")
    screen.type("11", "How far do you agree?")
    screen.type(":lang en", "Answer: ")
    screen.type("1", "Pay is good.")
    screen.type("1", "Your code?")
    screen.type("abc123def", "Is there")
    screen.type("n", "What else?")
    screen.type("end", "Enter to finish")
    screen.type("no", "No question is open here")      # only Enter finishes
    screen.type(":dk", "No question is open here")
    screen.type("<", "Answered: end")
    screen.type("other end", "Enter to finish")
    screen.type("", "complete and stored")
    check(screen.end() == 0 and "\x1b" not in screen.text, "NO_COLOR", repr(screen.text))

    screen = Screen("interview", study, "--case", "end of input", TERM="dumb")
    screen.expect("Answer: ")
    os.write(screen.fd, b"\x04")
    screen.expect("Suspended.")
    check(screen.end() == 0 and "\x1b" not in screen.text, "Ctrl-D at a terminal that is dumb", repr(screen.text))


def test_long_list(study):
    """A list that is shown whole and pushes the question off the screen: the question stands under it again."""
    with open("script/demo-interviews/main-complete.txt", encoding="utf-8") as file:
        answers = file.read().splitlines()
    out = interview(study, "long", answers[:answers.index("52")], "--form", "a-main-tcn")
    check(out.count("On what ground do you stay") == 1, "piped: a question is shown once", out)
    screen = Screen("interview", study, "--case", "long")
    for sentence in ("On what ground do you stay", "    95  Other", "On what ground do you stay", "Answer: "):
        screen.expect(sentence)
    screen.type(":list", "    95  Other")
    screen.type(":quit", "Suspended.")
    check(screen.end() == 0, "suspended")


def test_signals(study):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen([SURVEY, "interview", study, "--case", f"signal {number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdin.write(b"y\n7\n")
            child.stdin.flush()
            out = b""
            while b"Which country?" not in out and (data := os.read(child.stdout.fileno(), 4096)):
                out += data
            child.send_signal(number)
            out += child.stdout.read()
            child.stdin.close()
            check(child.wait() == -number and b"= hours: 7" in out and b"Suspended." in out, f"signal {number}", out.decode())


def test_tmux(study):
    server = f"terminal-test-{os.getpid()}"

    def tmux(*arguments):
        return subprocess.run(["tmux", "-L", server, "-f", "/dev/null", *arguments], capture_output=True, text=True, timeout=60, check=True,
                              env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm")).stdout

    def screen_shows(sentence):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            shown = tmux("capture-pane", "-p", "-t", "t")
            if sentence in shown:
                return shown
            time.sleep(0.02)
        check(False, f"tmux: {sentence!r}", shown)
        return shown

    def line(text, then):
        tmux("send-keys", "-t", "t", "-l", text)
        tmux("send-keys", "-t", "t", "Enter")
        return screen_shows(then)

    tmux("new-session", "-d", "-s", "t", "-x", "80", "-y", "24", SURVEY, "interview", study, "--form", "a-main-tcn", "--case", "tmux", "--lang", "bg")
    tmux("set-option", "-g", "remain-on-exit", "on")
    try:
        shown = screen_shows("Отговор:")
        check("А. Преди интервюто\n\n1 от " in shown, "tmux: section and position", shown)
        check("Анкетьор: " in shown and re.search(r"^    1  \S", shown, re.M) is not None, "tmux: instruction and choices", shown)
        line("1", "2 от ")
        line("1", "3 от ")
        shown = line("bulg", "4 от ")
        check("    bul  български" in shown.lower(), "tmux: what the letters meant", shown)
        line("1", "5 от ")
        line("Варна", "Има няколко съвпадения")
        line("10135", "6 от ")
        line("", "7 от ")
        line("1", "8 от ")
        line("1850", "! ")
        shown = line(":lang en", "Answer:")
        check("In which year were you born?" in shown, "tmux: in another language", shown)
        tmux("send-keys", "-t", "t", "Left", "Enter")
        screen_shows("no text (an arrow key?)")
        line(":quit", "The same command goes on from here.")
    finally:
        tmux("kill-server")


def main():
    os.makedirs(SCRATCH, exist_ok=True)
    folder = os.path.join(SCRATCH, "small")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(folder, "questionnaire.xml"), "w", encoding="utf-8") as out:
        out.write(FORM)
    for lang, text, niger in (("bg", "В коя държава?", "Нигер"), ("ar", "أي بلد؟", "النيجر")):
        with open(os.path.join(folder, f"{lang}.xlf"), "w", encoding="utf-8") as out:
            out.write(TRANSLATION.format(lang=lang, text=text, niger=niger))
    small = make_study("small.study", os.path.join(folder, "questionnaire.xml"))
    whole = make_study("main.study", "questionnaires/a-main-tcn/questionnaire.xml")
    for test in (test_pipe, test_search, test_commands, test_hostile, test_languages, test_terminal, test_signals):
        test(small)
    test_long_list(whole)
    test_tmux(whole)
    print(f"{len(FAILURES)} failures")
    sys.exit(1 if FAILURES else 0)


if __name__ == "__main__":
    main()

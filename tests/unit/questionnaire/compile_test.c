/* What compiling reports: for every problem a form that has it, and one that is right and does not. */
#include <criterion/criterion.h>

#include "dsl.h"

/* `found`: a part of a line of the report ("line element severity: sentence [advice]"); NULL: nothing is reported. */
typedef struct row { const char *form, *found; } row;

#define YN "choices id=yn\n  choice code=1 | Yes\n  choice code=2 | No\n"      /* lines 1 to 3 */

static const row SHAPES[] = {
    { YN "question id=a type=single choices=yn | A\n", NULL },
    { "questionnaire id=q | T\n", "1 q problem: this questionnaire has no version [add it]" },
    { "questionnaire id=q version=1 | T\n", "1 q problem: this questionnaire has no xml:lang" },
    { "questionnaire id=q version=1 xml:lang=en | T\n  note id=n | N\n", NULL },
    { "question id=a type=integer colour=red | A\n", "1 a problem: a question has no attribute 'colour'" },
    { "question type=integer | A\n", "1 q problem: this question has no id" },
    { "question id=1a type=integer | A\n", "1 1a problem: '1a' is not an id [a letter or _ first" },
    { "question id=a.b type=integer | A\n", "problem: 'a.b' is not an id" },
    { "question id=_a-1 type=integer | A\n", NULL },
    { "question id=a | A\n", "1 a problem: this question has no type" },
    { "question id=a type=number | A\n", "1 a problem: there is no type 'number' [write one of: single, multiple, ranking, integer, decimal, text" },
    { "question id=a type=integer readonly=yes | A\n", "problem: readonly is 'yes' [write one of: true false]" },
    { "section id=s page=one | S\n", "problem: page is 'one' [write one of: each all]" },
    { "question id=a type=integer | A\n  question id=b type=integer | B\n", "2 b problem: a question cannot stand in a question [move it]" },
    { "section id=s\n  choice code=1 | X\n", "problem: a choice cannot stand in a section" },
    { "question id=a type=integer | A\n  check that=\". > 1\" severity=strong | No\n", "2 a problem: severity is 'strong' [write one of: hard soft]" },
    { "question id=a type=integer | A\n  check severity=soft | No\n", "2 a problem: this check has no that" },
    { "question id=a type=integer | A\n  check that=\". > 1\"\n", "2 a warning: this check has no sentence to show" },
    { "question id=a type=integer\n", "1 a warning: this question has no text to show" },
    { "note id=n\n", "1 n warning: this note has no text to show" },
    { "end id=e outcome=1 | Bye\n", "1 e problem: this end has no when" },
    { "question id=a type=integer | A\nend when=\"${a} = 1\" outcome=1 | Bye\nend when=\"${a} = 2\" outcome=2 | Bye\n", NULL },
    { "question id=a type=integer | A\nend id=e when=\"${a} = 1\" | Bye\n", "2 e problem: this end has no outcome" },
    { "question id=a type=integer | A\nend id=e when=\"${a} = 1\" outcome=1 keep=\"s a\" | Bye\nsection id=s\n", "2 e problem: there is no section 'a'" },
    { "section id=s\n  question id=a type=integer | A\nend id=e when=\"${a} = 1\" outcome=1 keep=s | Bye\n", NULL },
};

static const row IDS[] = {
    { "question id=a type=integer | A\nquestion id=a type=text | B\n", "2 a problem: the id 'a' stands twice, first in line 1" },
    { "question id=a type=integer | A\nquestion id=A type=text | B\n", "2 A problem: the ids 'A' and 'a' (line 1) differ only in capitals" },
    { "section id=s | S\nnote id=s | N\n", "2 s problem: the id 's' stands twice" },
    { "parameter id=p type=integer value=1\nquestion id=p type=text | B\n", "2 p problem: the id 'p' stands twice" },
    { YN "question id=yn type=single choices=yn | A\n", NULL },
    { "choices id=c\n  choice code=1 other=true | X\nquestion id=a type=single choices=c | A\nquestion id=a_other type=text | B\n",
      "4 a_other problem: the id 'a_other' is the text of an other choice and stands twice, also in line 3" },
    { YN "choices id=yn\n  choice code=1 | X\n", "4 yn problem: there are two lists 'yn', the first in line 1" },
};

static const row LISTS[] = {
    { "choices id=c\nquestion id=a type=single choices=c | A\n", "1 c problem: list 'c' has no choices" },
    { "choices id=c\n  choice code=1 | X\n  choice code=1 | Y\n", "3 c problem: code '1' stands twice in list 'c', first in line 2" },
    { "choices id=c\n  choice code=1 | X\n  choice code=01 | Y\n", NULL },
    { "choices id=c\n  choice | X\n", "2 c problem: this choice has no code" },
    { "choices id=c\n  choice code=1\n", "2 c warning: choice '1' has no label" },
    { "choices id=c\n  choice code=\"a b\" | X\n", "2 c problem: 'a b' is not a code" },
    { "choices id=c\n  choice code=1 missing=refused other=true | X\n", "2 c problem: choice '1' records a missing answer and asks for a text" },
    { "choices id=c\n  choice code=1 missing=perhaps | X\n", "problem: missing is 'perhaps' [write one of: dont-know refused not-stated]" },
    { "choices id=c\n  choice code=1 valid-from=2026 | X\n", "problem: valid-from is '2026', not a date" },
    { "choices id=c\n  choice code=1 valid-from=2026-01-02 valid-to=2026-01-01 | X\n", "problem: choice '1' ends before it begins" },
    { "choices id=c\n  choice code=1 valid-from=2026-01-01 valid-to=2026-01-01 | X\n", NULL },
    { "question id=a type=single choices=c | A\n", "1 a problem: there is no list 'c'" },
    { "question id=a type=single | A\n", "1 a problem: a question of type single has no choices" },
    { "question id=a type=ranking | A\n", "1 a problem: a question of type ranking has no choices" },
    { YN "question id=a type=integer choices=yn | A\n", "4 a problem: a question of type integer cannot have choices" },
    { YN "compute id=a type=integer value=1 choices=yn\n", NULL },
    { "compute id=a type=single value=1\n", "1 a problem: a compute of type single has no choices" },
    { "grid id=g | G\n  row id=r | R\n", "1 g problem: a grid of type single has no choices" },
    { YN "grid id=g choices=yn | G\n", "4 g problem: the grid has no rows" },
    { YN "grid id=g choices=yn | G\n  row id=r | R\n", NULL },
    { "grid id=g type=integer | G\n  row id=r | R\n", NULL },
    { YN "question id=a type=integer filter=\"choice-code() = 1\" | A\n", "4 a problem: a filter is for questions with choices" },
    { YN "parameter id=p type=single choices=yn value=3\n", "4 p problem: '3' is not a code of list 'yn'" },
    { YN "parameter id=p type=multiple choices=yn value=\"1 2\"\n", NULL },
    { "parameter id=p type=integer value=ten\n", "1 p problem: the value 'ten' is not of type integer" },
    { "parameter id=p type=date value=2026-02-30\n", "1 p problem: the value '2026-02-30' is not of type date" },
    { "parameter id=p type=date value=2026-02-28\n", NULL },
};

static const row RULES[] = {
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"${a} = 1\" | B\n", NULL },
    { "question id=b type=integer relevant=\"${a} = 1\" | B\n", "1 b problem: unknown name 'a'" },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"${a} + 1\" | B\n", "2 b problem: " },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"${a} = 'yes'\" | B\n", "2 b problem: " },
    { YN "question id=a type=single choices=yn | A\nquestion id=b type=integer relevant=\"${a} = 3\" | B\n", "problem: '3' is not a code of this list" },
    { "section id=s | S\nquestion id=b type=integer relevant=\"${s} = 1\" | B\n", "problem: 's' holds no answer" },
    { "question id=a type=number | A\nquestion id=b type=integer relevant=\"${a} = 1\" | B\n", "1 a problem: there is no type 'number'" },
    { "question id=a type=integer required=true certain=true | A\n", NULL },
    { "question id=b type=integer | B\nquestion id=a type=integer required=\"${b} > 1\" | A\n", NULL },
    { "question id=a type=integer required=yes | A\n", "1 a problem: " },
    { YN "question id=a type=single choices=yn default=1 | A\n", NULL },
    { YN "question id=a type=single choices=yn default=3 | A\n", "4 a problem: 3 is not a code of list 'yn'" },
    { YN "question id=a type=single choices=yn default=\"'no'\" | A\n", "4 a problem: 'no' is not a code of list 'yn'" },
    { YN "compute id=a type=single choices=yn value=3\n", "4 a problem: 3 is not a code of list 'yn'" },
    { YN "compute id=a type=single choices=yn value=\"if(today() > date('2026-01-01'), 1, 2)\"\n", NULL },
    { YN "question id=a type=multiple choices=yn default=\"1 2\" | A\n", NULL },
    { "question id=a type=date default=2026-01-31 | A\nquestion id=b type=time default=12:30 | B\nquestion id=c type=month default=2026-01 | C\n", NULL },
    { "question id=a type=boolean default=true | A\n", NULL },
    { "question id=a type=integer default=3 | A\n", NULL },
    { "question id=a type=text default=\"concat('a', 'b')\" | A\n", NULL },
    { "question id=a type=integer default=\"'x'\" | A\n", "1 a problem: " },
    { "question id=a type=integer default=\"once(3)\" | A\n", NULL },
    { "compute id=c type=integer value=\"'x'\"\n", "1 c problem: " },
    { "compute id=c type=date value=2026-01-31\n", NULL },
    { YN "question id=a type=single choices=yn filter=\"choice-code() != 1\" | A\n", NULL },
    { "choices id=c\n  choice code=1 relevant=\"${a} = 1\" | X\n  choice code=2 | Y\nquestion id=a type=integer | A\nquestion id=b type=single choices=c | B\n", NULL },
    { "choices id=c\n  choice code=1 relevant=\"${a}\" | X\nquestion id=a type=integer | A\nquestion id=b type=single choices=c | B\n", "2 c problem: " },
};

static const row ROSTERS[] = {
    { "question id=n type=integer | N\nroster id=m count=\"${n}\" | M\n  question id=x type=integer | X\n", NULL },
    { "roster id=m | M\n  question id=x type=integer | X\n", NULL },
    { "roster id=m min=1 max=3 | M\n", NULL },
    { "roster id=m min=4 max=3 | M\n", "1 m problem: min is 4 and max is 3" },
    { "roster id=m max=0 | M\n", "1 m problem: max is '0' [write a whole number from 1 to 10000]" },
    { "roster id=m min=1.5 | M\n", "1 m problem: min is '1.5'" },
    { "roster id=m count=2 max=3 | M\n", "1 m problem: min and max are for rosters without count and for" },
    { YN "question id=c type=multiple choices=yn | C\nroster id=m for=\"${c}\" | M\n", NULL },
    { YN "question id=c type=multiple choices=yn | C\nroster id=m for=\"${c}\" count=2 | M\n", "5 m problem: the roster has both count and for" },
    { YN "question id=c type=single choices=yn | C\nroster id=m for=\"${c}\" | M\n", "5 m problem: 'c' does not have several codes" },
    { "roster id=m for=\"${c}\" | M\n", "1 m problem: there is no question 'c'" },
    { YN "question id=c type=multiple choices=yn | C\nroster id=m for=\"count-selected(${c})\" | M\n", "5 m problem: for is 'count-selected(${c})', not one question" },
    { YN "roster id=o | O\n  question id=c type=multiple choices=yn | C\nroster id=m for=\"${c}\" | M\n", "6 m problem: 'c' is asked in roster 'o', and this roster stands outside" },
    { YN "roster id=o | O\n  question id=c type=multiple choices=yn | C\n  roster id=m for=\"${c}\" | M\n", NULL },
    { YN "roster id=m for=\"${c}\" | M\nquestion id=c type=multiple choices=yn | C\n", "4 m problem: the roster is for the items of 'c', which comes later (line 5)" },
    { "roster id=m | M\n  question id=x type=integer | X\nquestion id=y type=integer relevant=\"${x} = 1\" | Y\n", "3 y problem: " },
    { "roster id=m | M\n  question id=x type=integer | X\nquestion id=y type=integer relevant=\"sum(${x}) = 1\" | Y\n", NULL },
    { "roster id=m | M\n  question id=x type=integer | X\n  question id=y type=integer relevant=\"${x} = 1 and position() > 1\" | Y\n", NULL },
    { "roster id=m | M\n  check that=\"${x} > 1\" | Too few\n  question id=x type=integer required=true certain=true | X\n", NULL },
};

static const row ROUTING[] = {
    { "question id=a type=integer relevant=\"${b} = 1\" | A\nquestion id=b type=integer | B\n",
      "1 a problem: the relevant condition refers to 'b', which comes later (line 2)" },
    { "question id=a type=integer relevant=\"${c} = 1\" | A\nquestion id=b type=integer | B\ncompute id=c type=integer value=\"${b} + 1\"\n",
      "1 a problem: the relevant condition refers to 'c', which is computed from 'b', and that comes later (line 2)" },
    { "question id=b type=integer | B\nquestion id=a type=integer relevant=\"${c} = 1\" | A\ncompute id=c type=integer value=\"${b} + 1\"\n", NULL },
    { "question id=a type=integer | A\nend id=e when=\"${b} = 1\" outcome=1 | Bye\nquestion id=b type=integer | B\n",
      "2 e problem: the when condition refers to 'b', which comes later" },
    { "roster id=m count=\"${b}\" | M\nquestion id=b type=integer | B\n", "1 m problem: the count condition refers to 'b', which comes later" },
    { "section id=s relevant=\"${b} = 1\"\n  question id=a type=integer | A\nquestion id=b type=integer | B\n", "1 s problem: the relevant condition refers to 'b'" },
    { "question id=a type=integer | A\n  check that=\". > ${b} or not(answered(${b}))\" | No\nquestion id=b type=integer | B\n",
      "2 a warning: the check condition refers to 'b', which comes later (line 3) [move the check" },
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\". > ${b} or not(answered(${b}))\" | No\n", NULL },
    { "question id=a type=integer default=\"${b}\" | A\nquestion id=b type=integer | B\n", "1 a warning: the default condition refers to 'b'" },
    { "compute id=c type=integer value=\"${b} + 1\"\nquestion id=b type=integer | B\n", NULL },
    { "note id=n | You said ${b}\nquestion id=b type=integer | B\n", NULL },
};

static const row CIRCLES[] = {
    { "question id=a type=integer relevant=\"${a} = 1\" | A\n", "1 a problem: these depend on one another: 'a' (relevant) -> 'a'" },
    { "question id=a type=integer relevant=\"${b} = 1\" | A\nquestion id=b type=integer relevant=\"${a} = 1\" | B\n",
      "problem: these depend on one another: 'a' (relevant) -> 'b' (relevant) -> 'a'" },
    { "compute id=a type=integer value=\"${b} + 1\"\ncompute id=b type=integer value=\"${c}\"\ncompute id=c type=integer value=\"${a}\"\n",
      "1 a problem: these depend on one another: 'a' (value) -> 'b' (value) -> 'c' (value) -> 'a' [let one of them" },
    { "section id=s relevant=\"${a} = 1\"\n  question id=a type=integer | A\n", "1 s problem: these depend on one another: 's' (relevant) -> 's'" },
    { "roster id=m count=\"sum(${x})\" | M\n  question id=x type=integer | X\n", "1 m problem: these depend on one another: 'm' (count) -> 'm'" },
    { "question id=a type=integer default=\"${b}\" | A\nquestion id=b type=integer default=\"${a}\" | B\n",
      "problem: these depend on one another: 'a' (default) -> 'b' (default) -> 'a'" },
    { "roster id=m max=3 | M\n  question id=x type=integer | X\n  end id=e when=\"sum(${x}) > 5\" outcome=1 | Bye\n",
      "3 e problem: these depend on one another: 'e' (when) -> 'e'" },
    { "roster id=m max=3 | M\n  question id=x type=integer | X\n  end id=e when=\"${t} > 5\" outcome=1 | Bye\n"
      "compute id=t type=integer value=\"count(${m})\"\n", "problem: these depend on one another: " },
    { "roster id=m max=3 | M\n  question id=x type=integer | X\n  end id=e when=\"${x} > 5\" outcome=1 | Bye\n"
      "compute id=t type=integer value=\"count(${m}) + sum(${x})\"\nend id=f when=\"${t} > 5\" outcome=2 | Bye\n", NULL },
    { "roster id=m max=3 | M\n  roster id=j max=3 | J\n    question id=x type=integer | X\n  end id=e when=\"sum(${x}) > 5\" outcome=1 | Bye\n", NULL },
    { "question id=a type=integer default=\"once(${a})\" | A\n", "1 a problem: these depend on one another: 'a' (default) -> 'a'" },
    { "question id=a type=integer | A\ncompute id=b type=integer value=\"${a}\"\ncompute id=c type=integer value=\"${a} + ${b}\"\n", NULL },
};

static const row TEXTS[] = {
    { "question id=a type=integer | A\nnote id=n | You said ${a}, ${ a }\n", NULL },
    { "note id=n | You said ${a}\n", "1 n problem: the text shows '${a}', and there is no such id" },
    { "section id=s\nnote id=n | You said ${s}\n", "2 n problem: the text shows '${s}', which is a section and has no answer" },
    { "note id=n | You said ${a\n", "1 n problem: the text has '${' without an end" },
    { "roster id=m | M\n  question id=x type=integer | X\nnote id=n | You said ${x}\n", "3 n problem: the text shows '${x}', which has an answer in every entry of roster 'm'" },
    { "roster id=m | M\n  question id=x type=integer | X\n  note id=n | You said ${x}\n", NULL },
    { "question id=a type=integer | A\n  check that=\". > 1\" | Not ${b}\n", "2 a problem: the text shows '${b}'" },
};

static const row TRANSLATIONS[] = {
    { "question id=a type=integer | A\n@bg a/label \"A\" => \"B\"\n@bg /title \"Q\" => \"W\"\n", NULL },
    { "question id=a type=integer | A\n@bg a/label => \"B\"\n@bg /title => \"W\"\n", NULL },
    { "question id=a type=integer | A\n@bg /title => \"W\"\n", "1 a warning: 'a/label' is not translated into 'bg'" },
    { "question id=a type=integer | 12 + 3\n@bg /title => \"W\"\n", NULL },
    { "question id=a type=integer | A\n@bg a/label \"Old\" => \"B\"\n@bg /title => \"W\"\n", "2 a/label warning: the text of 'a/label' has changed since it was translated into 'bg'" },
    { "question id=a type=integer | A\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg b/label => \"X\"\n", "4 b/label warning: there is no text 'b/label' to translate" },
    { "question id=a type=integer | A\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg a/hint => \"X\"\n", "4 a/hint warning: there is no text 'a/hint'" },
    { "question id=a type=integer | A\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg a/label => \"X\"\n", "4 a/label warning: 'a/label' is translated twice into 'bg'" },
    { "question id=a type=integer | A\nnote id=n | N ${a}\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg n/label => \"X\"\n",
      "5 n/label warning: '${a}' is lost in the translation" },
    { "question id=a type=integer | A\nnote id=n | N ${a}\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg n/label => \"X ${a}\"\n", NULL },
    { "question id=a type=integer | A\nnote id=n | N ${a}\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg n/label => \"X ${a} ${b}\"\n",
      "5 n/label warning: '${b}' is in the translation and not in the text" },
    { "question id=a type=integer | A\n  check that=\". > 1\" | One\n  check that=\". > 2\" | Two\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg a/check/2 \"Two\" => \"2\"\n",
      "2 a warning: 'a/check/1' is not translated into 'bg'" },
    { "question id=a type=integer | A\ncheck that=\"${a} > 1 or not(answered(${a}))\" | One\n@bg a/label => \"B\"\n@bg /title => \"W\"\n@bg /check/1 \"One\" => \"2\"\n", NULL },
    { YN "question id=yn type=single choices=yn | Label\n@bg yn/label \"Label\" => \"B\"\n@bg /title => \"W\"\n@bg yn/1 \"Yes\" => \"2\"\n@bg yn/2 \"No\" => \"2\"\n", NULL },
    { YN "@bg /title => \"W\"\n@bg yn/1 => \"2\"\n", "3 yn warning: 'yn/2' is not translated into 'bg'" },
    { "note id=n | N\n@EN n/label => \"X\"\n", "2 n/label warning: this translates into 'en', the language of the questionnaire" },
    { "note id=n | N ${x}\nquestion id=x type=text | ${x}\n@bg n/label => \"X ${x}\"\n@bg x/label => \"${x}\"\n@bg /title => \"W\"\n", NULL },
};

static const row ANSWERS[] = {
    { YN "question id=a type=single choices=yn required=true | A\n",
      "4 a warning: the question is required, and there is no way to say \"don't know\" [add a choice with missing=\"dont-know\"" },
    { YN "question id=a type=single choices=yn required=true certain=true | A\n", NULL },
    { "question id=a type=text required=true | A\n", "1 a warning: the question is required" },
    { "choices id=c\n  choice code=1 | Yes\n  choice code=9 missing=dont-know | Don't know\nquestion id=a type=single choices=c required=true | A\n", NULL },
    { YN "question id=a type=single choices=yn | A\n", NULL },
    { YN "question id=a type=multiple choices=yn sensitive=true | A\nroster id=r for=\"${a}\" | R\n  question id=x type=integer | X\n",
      "5 r warning: the entries of 'r' are named by the sensitive answer 'a'" },
    { YN "question id=a type=multiple choices=yn | A\nroster id=r for=\"${a}\" | R\n  question id=x type=integer | X\n", NULL },
    { "question id=a type=integer sensitive=true | A\ncompute id=c type=integer value=\"${a} + 1\"\n",
      "2 c warning: 'c' is made from the sensitive answer 'a' and is not set apart like it" },
    { "question id=a type=integer sensitive=true | A\ncompute id=c type=integer value=\"${a} + 1\" sensitive=true\n", NULL },
    { YN "question id=a type=single choices=yn required=\"1 = 1\" | A\n", NULL },
    { YN "grid id=g choices=yn required=true | G\n  row id=r | R\n", "5 r warning: the question is required" },
    { YN "grid id=g choices=yn required=true certain=true | G\n  row id=r | R\n", NULL },
    { YN "grid id=g choices=yn required=true | G\n  row id=r required=false | R\n", NULL },
    /* codes of missing answers */
    { "choices id=c\n  choice code=1 | Yes\n  choice code=9 missing=dont-know | Don't know\nquestion id=a type=single choices=c | A\n"
      "note id=n relevant=\"${a} = 9 or ${a} = 1\" | N\n", "5 n warning: 'a' is compared with code '9', which is recorded as a missing answer: this is never so [write dont-know(${a})]" },
    { "choices id=c\n  choice code=1 | Yes\n  choice code=9 missing=dont-know | Don't know\nquestion id=a type=single choices=c | A\n"
      "note id=n relevant=\"dont-know(${a}) or ${a} = 1\" | N\n", NULL },
    { "choices id=c\n  choice code=1 | Yes\n  choice code=x missing=not-stated | Lost\nquestion id=a type=multiple choices=c | A\n"
      "note id=n relevant=\"selected(${a}, 'x') or selected(${a}, '1')\" | N\n", "compared with code 'x', which is recorded as a missing answer: this is never so [write not(answered(${a}))]" },
    /* not() */
    { YN "question id=a type=single choices=yn | A\nnote id=n relevant=\"not(${a} = 1)\" | N\n", "5 n warning: not() is true here also when '${a}' has no answer" },
    { YN "question id=a type=single choices=yn required=true certain=true | A\nnote id=n relevant=\"not(${a} = 1)\" | N\n", NULL },
    { YN "question id=a type=single choices=yn required=true certain=true relevant=\"1 = 1\" | A\nnote id=n relevant=\"not(${a} = 1)\" | N\n", "5 n warning: not()" },
    { YN "section id=s relevant=\"${b} = 1\"\n  question id=a type=single choices=yn required=true certain=true | A\n  note id=n relevant=\"not(${a} = 1)\" | N\n",
      "4 s problem: unknown name 'b'" },
    { YN "question id=b type=single choices=yn | B\nsection id=s relevant=\"${b} = 1\"\n"
      "  question id=a type=single choices=yn required=true certain=true | A\n  note id=n relevant=\"not(${a} = 1)\" | N\n", NULL },
    { YN "question id=b type=single choices=yn | B\nsection id=s relevant=\"${b} = 1\"\n"
      "  question id=a type=single choices=yn required=true certain=true | A\nnote id=n relevant=\"not(${a} = 1)\" | N\n", "7 n warning: not()" },
    { YN "question id=a type=single choices=yn | A\nquestion id=x type=integer | X\n  check that=\"not(${a} = 1 and . > 3)\" | X\n", NULL },
};

static const row CHECKS[] = {
    { "question id=a type=integer | A\n  check that=\". >= 1 and . <= 9\" | X\n", NULL },
    { "question id=a type=integer | A\n  check that=\". >= 1 or . <= 9\" | X\n", "2 a warning: this check can never fail [correct it, or remove it]" },
    { "question id=a type=integer | A\n  check that=\". > 3 and . < 4\" | X\n", "2 a warning: this check can never hold: no answer satisfies it" },
    { "question id=a type=decimal | A\n  check that=\". > 3 and . < 4\" | X\n", NULL },
    { YN "question id=a type=single choices=yn | A\n  check that=\"in(., 1, 2)\" | X\n", "5 a warning: this check can never fail" },
    { YN "question id=a type=single choices=yn | A\n  check that=\". > 1\" | X\n", NULL },
    { YN "question id=a type=single choices=yn | A\n  check that=\". > 2\" | X\n", "5 a warning: this check can never hold" },
    { YN "question id=a type=multiple choices=yn | A\n  check that=\"selected(., 1) or selected(., 2)\" | X\n", "5 a warning: this check can never fail" },
    { YN "question id=a type=multiple choices=yn | A\n  check that=\"not(selected(., 1) and selected(., 2))\" | X\n", NULL },
    { YN "question id=a type=multiple choices=yn | A\n  check that=\"selected(., 1) and not(selected(., 1))\" | X\n", "can never hold" },
    { "question id=a type=date | A\n  check that=\". >= '2026-01-01' and . < '2026-01-02'\" | X\n", NULL },
    { "question id=a type=date | A\n  check that=\". > '2026-01-01' and . < '2026-01-02'\" | X\n", "can never hold" },
    { "question id=a type=date | A\n  check that=\". > today()\" | X\n", NULL },
    { "question id=a type=text | A\n  check that=\". = 'x' or . != 'x'\" | X\n", "can never fail" },
    { "question id=a type=boolean | A\n  check that=\".\" | X\n", NULL },
    { "question id=a type=integer | A\n  check that=\"1 = 1\" | X\n", "can never fail" },
    { "roster id=m | M\n  check that=\"position() = 1 or position() != 1\" | X\n  question id=a type=integer | A\n", NULL },
    /* hard checks that another question's silence makes fail */
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\". > ${b}\" | X\n",
      "3 a warning: when '${b}' has no answer this check cannot hold, and blocks [write not(answered(${b})) or ...]" },
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\". > ${b}\" severity=soft | X\n", NULL },
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\"not(answered(${b})) or . > ${b}\" | X\n", NULL },
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\". > coalesce(${b}, 0)\" | X\n", NULL },
    { "question id=b type=integer | B\nquestion id=a type=integer | A\n  check that=\". > 5 or ${b} = 1\" | X\n", NULL },
    { "question id=b type=integer | B\nquestion id=a type=integer relevant=\"${b} > 0\" | A\n  check that=\". < ${b}\" | X\n", NULL },
    { "question id=b type=integer | B\nsection id=s relevant=\"answered(${b})\"\n  question id=a type=integer | A\n    check that=\". < ${b}\" | X\n", NULL },
    { "question id=b type=integer required=true certain=true | B\nquestion id=a type=integer | A\n  check that=\". > ${b}\" | X\n", NULL },
    { "parameter id=b type=integer value=3\nquestion id=a type=integer | A\n  check that=\". > ${b}\" | X\n", NULL },
    { "parameter id=b type=integer\nquestion id=a type=integer | A\n  check that=\". > ${b}\" | X\n", "3 a warning: when '${b}' has no answer" },
    { "roster id=m | M\n  question id=x type=integer | X\nquestion id=a type=integer | A\n  check that=\". > sum(${x})\" | X\n", NULL },
    { "roster id=m | M\n  question id=x type=integer | X\ncompute id=c type=integer value=\"count(${m}[${x} > 1])\"\n"
      "question id=a type=integer | A\n  check that=\". > ${c}\" | X\n", NULL },
    { "question id=b type=integer | B\ncompute id=c type=integer value=\"${b} + 1\"\nquestion id=a type=integer | A\n  check that=\". > ${c}\" | X\n",
      "4 a warning: when '${c}' has no answer" },
    { "question id=b type=integer | B\ncompute id=c type=integer value=\"if(${b} = 1, 2, 3)\"\nquestion id=a type=integer | A\n  check that=\". > ${c}\" | X\n", NULL },
};

static const row REACH[] = {
    { YN "question id=a type=single choices=yn | A\nquestion id=b type=integer relevant=\"${a} = 1 and ${a} = 2\" | B\n",
      "5 b problem: 'b' can never be asked: its condition cannot be true [correct it" },
    { YN "question id=a type=multiple choices=yn | A\nquestion id=b type=integer relevant=\"selected(${a}, 1) and selected(${a}, 2)\" | B\n", NULL },
    { YN "question id=a type=single choices=yn | A\nsection id=s relevant=\"${a} = 1\"\n  question id=b type=integer relevant=\"${a} = 2\" | B\n", "6 b problem: 'b' can never be asked" },
    { YN "question id=a type=single choices=yn | A\nsection id=s relevant=\"${a} > 2\"\n  question id=b type=integer relevant=\"${a} = 2\" | B\n",
      "5 s warning: nobody can enter 's': its condition cannot be true" },
    { YN "question id=a type=single choices=yn | A\nsection id=s relevant=\"${a} >= 2\"\n  question id=b type=integer relevant=\"${a} = 2\" | B\n", NULL },
    { YN "question id=a type=single choices=yn | A\nroster id=s relevant=\"${a} > 2\" | S\n", "5 s warning: nobody can enter 's'" },
    { YN "question id=a type=single choices=yn | A\nnote id=s relevant=\"${a} > 2\" | S\n", "5 s warning: 's' can never be shown" },
    { YN "question id=a type=single choices=yn | A\nend id=s when=\"${a} > 2\" outcome=1 | S\n", "5 s warning: nobody can come to this end" },
    { YN "question id=a type=single choices=yn | A\nend id=s when=\"${a} = 2\" outcome=1 | S\n", NULL },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"${a} > 3 and ${a} < 4\" | B\n", "2 b problem: 'b' can never be asked" },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"${a} > 3 and ${a} < 5\" | B\n", NULL },
    { "question id=a type=decimal | A\nquestion id=b type=integer relevant=\"${a} > 3 and ${a} < 4\" | B\n", NULL },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"dont-know(${a}) and ${a} < 5\" | B\n", "2 b problem: 'b' can never be asked" },
    { "question id=a type=integer | A\nquestion id=b type=integer relevant=\"refused(${a}) or dont-know(${a})\" | B\n", NULL },
    { "parameter id=p type=integer value=1\nquestion id=b type=integer relevant=\"${p} = 2\" | B\n", NULL },
    { "compute id=c type=integer value=1\nquestion id=b type=integer relevant=\"${c} = 2\" | B\n", NULL },
    { "question id=b type=integer relevant=\"1 = 2\" | B\n", "1 b problem: 'b' can never be asked" },
    { "question id=a type=date | A\nquestion id=b type=integer relevant=\"${a} > today() and ${a} < today()\" | B\n", NULL },
    { "roster id=m | M\n  question id=b type=integer relevant=\"position() = 1\" | B\n", NULL },
    /* b is only asked when a is 2 */
    { YN "question id=a type=single choices=yn | A\nquestion id=b type=single choices=yn relevant=\"${a} = 2\" | B\n"
      "question id=c type=single choices=yn relevant=\"${b} = 1 and ${a} = 1\" | C\n", "6 c problem: 'c' can never be asked" },
    { YN "question id=a type=single choices=yn | A\nquestion id=b type=single choices=yn relevant=\"${a} = 2\" | B\n"
      "question id=c type=single choices=yn relevant=\"${b} = 1 or ${a} = 1\" | C\n", NULL },
    { "choices id=c\n  choice code=A1 | X\n  choice code=B2 other=true | Y\nquestion id=a type=single choices=c | A\n"
      "question id=b type=integer relevant=\"${a} = 'A1' and ${a_other} = 'x'\" | B\n", "5 b problem: 'b' can never be asked" },
};

static const struct { const char *name; const row *rows; size_t n; } TABLES[] = {
#define TABLE(t) { #t, t, sizeof t / sizeof t[0] }
    TABLE(SHAPES), TABLE(IDS), TABLE(LISTS), TABLE(RULES), TABLE(ROSTERS), TABLE(ROUTING), TABLE(CIRCLES), TABLE(TEXTS), TABLE(TRANSLATIONS), TABLE(ANSWERS),
    TABLE(CHECKS), TABLE(REACH),
};

static dsl_log LOG;

/* Notes do not count: a form without problems and warnings is clean. */
static int is_clean(const char *log)
{
    return strstr(log, " problem: ") == NULL && strstr(log, " warning: ") == NULL;
}

static void check_row(const char *table, size_t i, const row *r)
{
    svy_error err = SVY_ERROR_INIT;
    void *block;
    size_t size;
    svy_form *f = NULL;
    const svy_status st = dsl_compile(NULL, r->form, &LOG, &block, &size, &err);

    if (r->found == NULL)
        cr_expect(is_clean(LOG.text), "%s %zu\n%s\n%s", table, i, r->form, LOG.text);
    else
        cr_expect(strstr(LOG.text, r->found) != NULL, "%s %zu\n%s\nexpected: %s\n%s", table, i, r->form, r->found, LOG.text);
    cr_expect(st == (strstr(LOG.text, " problem: ") != NULL ? SVY_E_INVALID : SVY_OK), "%s %zu: status %d, %s\n%s", table, i, st, err.message, LOG.text);
    cr_expect((block != NULL) == (st == SVY_OK), "%s %zu", table, i);
    if (block != NULL)
        cr_expect(svy_form_open(NULL, block, size, &f, &err) == SVY_OK, "%s %zu: %s", table, i, err.message);
    svy_form_free(f);
    svy_block_free(NULL, block, size);
}

Test(compile, tables)
{
    for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++)
        for (size_t i = 0; i < TABLES[t].n; i++)
            check_row(TABLES[t].name, i, &TABLES[t].rows[i]);
}

/* ---- places ---- */

typedef struct seen { char text[2000]; } seen;

static void note_place(void *user, const svy_diag *d)
{
    seen *s = user;
    const size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof s->text - len, "%s:%d:%d %s|", d->source, d->line, d->column, d->element);
}

Test(compile, problems_come_in_order_with_their_places)
{
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b;
    seen s = { "" };
    svy_diags diags = { .report = note_place, .user = &s };
    uint32_t root, list, e;
    void *block;
    size_t size;
    const svy_attribute top[] = { { "id", "q", 1, 5 }, { "version", "1", 1, 9 }, { "xml:lang", "en", 1, 20 } };
    const svy_attribute last[] = { { "id", "z", 9, 4 }, { "type", "integer", 9, 12 }, { "relevant", "${x} = 1", 10, 6 } };
    const svy_attribute first[] = { { "id", "a", 3, 4 }, { "type", "what", 3, 12 } };
    const svy_attribute lists[] = { { "id", "l", 2, 4 } }, code[] = { { "code", "1", 7, 8 } };

    cr_assert_eq(svy_builder_new(NULL, "main.xml", &b, &err), SVY_OK);
    cr_assert_eq(svy_builder_add(b, 0, SVY_EL_QUESTIONNAIRE, top, 3, NULL, 1, &root, &err), SVY_OK);
    cr_assert_eq(svy_builder_add(b, root, SVY_EL_QUESTION, last, 3, NULL, 9, &e, &err), SVY_OK);
    cr_assert_eq(svy_builder_text(b, e, SVY_LABEL, "Z", 11, &err), SVY_OK);
    cr_assert_eq(svy_builder_add(b, root, SVY_EL_CHOICES, lists, 1, NULL, 2, &list, &err), SVY_OK);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(svy_builder_add(b, list, SVY_EL_CHOICE, code, 1, "a-list.xml", 7, &e, &err), SVY_OK);
        cr_assert_eq(svy_builder_text(b, e, SVY_LABEL, "One", 7, &err), SVY_OK);
    }
    cr_assert_eq(svy_builder_add(b, 0, SVY_EL_QUESTION, first, 2, NULL, 3, &e, &err), SVY_OK, "0 is the questionnaire");
    cr_assert_eq(svy_builder_text(b, e, SVY_LABEL, "${y}", 4, &err), SVY_OK);
    cr_expect_eq(svy_builder_compile(b, &diags, &block, &size, &err), SVY_E_INVALID);
    cr_expect_str_eq(s.text, "main.xml:3:12 a|main.xml:4:0 a|main.xml:10:6 z|a-list.xml:7:8 l|");
    cr_expect_eq(diags.problems, 4);
    cr_expect_eq(diags.warnings, 0);
    cr_expect(err.code == SVY_E_INVALID && err.message[0] != '\0' && err.line == 3, "the first problem is also the error");
    svy_builder_free(b);
}

Test(compile, only_the_first_untranslated_texts_are_named)
{
    static char form[8000];
    svy_error err = SVY_ERROR_INIT;
    void *block;
    size_t size;
    unsigned named = 0;
    for (int i = 0; i < 30; i++)
        sprintf(form + strlen(form), "note id=n%d | Text\n", i);
    strcat(form, "@bg /title => \"T\"\n");
    cr_assert_eq(dsl_compile(NULL, form, &LOG, &block, &size, &err), SVY_OK);
    for (const char *at = LOG.text; (at = strstr(at, "is not translated into 'bg'")) != NULL; at++)
        named++;
    cr_expect_eq(named, 20);
    cr_expect(strstr(LOG.text, "10 more texts are not translated into 'bg'") != NULL, "%s", LOG.text);
    svy_block_free(NULL, block, size);
}

#!/bin/bash
# What all verbs share: help, man pages, completion, wrong usage, exit statuses, output files.
# usage: tool_test.sh SURVEY SCRATCH    (from the source folder)
survey=$1 scratch=$2 failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
# says STATUS TEXT ARGUMENTS...: the command ends with STATUS and one of its streams contains TEXT
says() {
    local status=$1 text=$2 got out
    shift 2
    out=$("$survey" "$@" 2>&1 </dev/null); got=$?
    [ "$got" -eq "$status" ] || fail "survey $*: exit status $got instead of $status: $out"
    case $out in *"$text"*) ;; *) fail "survey $*: no '$text' in: $out";; esac
}
data="--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"

# ---- every verb explains itself ----
says 0 'Usage: survey VERB' --help
says 0 'Usage: survey VERB' help
says 2 'Usage: survey VERB'
says 0 'libsurvey' --version
verbs=0
while read -r verb; do
    verbs=$((verbs + 1))
    says 0 "Usage: survey $verb" $verb --help
    says 0 "Usage: survey $verb" help $verb
    says 0 "Example" $verb --help
    says 0 ".SH SYNOPSIS" man $verb
    if command -v groff >/dev/null && [ -n "$("$survey" man $verb | groff -man -ww -z 2>&1)" ]; then fail "man page of $verb"; fi
done < <("$survey" --help | sed -n 's/^  \([a-z][a-z ]*[a-z]\)  .*/\1/p')
[ "$verbs" -ge 8 ] || fail "only $verbs verbs in --help"

# ---- completion is a script, and offers verbs and options ----
"$survey" completion bash > "$scratch/completion" || fail completion
bash -n "$scratch/completion" || fail "completion does not parse"
complete_words() {   # the words offered for the last of the arguments
    ( source "$scratch/completion"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _survey; echo "${COMPREPLY[*]}" )
}
[ "$(complete_words survey prop)" = proportion ] || fail "completion of a verb: $(complete_words survey prop)"
[ "$(complete_words survey mean --lonely-p)" = --lonely-psu ] || fail "completion of an option: $(complete_words survey mean --lonely-p)"
[ "$(complete_words survey mean --format j)" = json ] || fail "completion of a choice: $(complete_words survey mean --format j)"

# ---- wrong usage: status 2, and the nearest name ----
says 2 "did you mean 'proportion'" proportoin
says 2 "there is no verb 'zzzzzz'" zzzzzz
says 2 "did you mean '--weights'" mean api00 --wieghts pw
says 2 "--weights needs a value" mean api00 --weights
says 2 "give one of fail|remove" mean api00 --lonely-psu maybe
says 2 "give a number from" mean api00 --level 95
says 2 "give a whole number" mean api00 --threads many
says 2 "--nest takes no value" mean api00 --nest=yes
says 2 "something is missing" mean
says 2 "there are no data" mean api00
says 2 "numerator/denominator" ratio api00 $data

# ---- ways to write options ----
reference=$("$survey" mean api00 $data --format csv)
[ "$("$survey" mean --data=datasets/api/apistrat.csv -wpw --strata=stype --fpc fpc --format=csv -- api00)" = "$reference" ] || fail "--x=y, -xy, --"
[ "$("$survey" mean -d datasets/api/apistrat.csv -w pw api00 --strata stype --fpc fpc -q --format csv)" = "$reference" ] || fail "-x y, -q"

# ---- input that is wrong: 1; a system that fails: 3 ----
says 1 "no column named 'nothing'" total nothing $data
says 1 "--where:1:1: unknown name 'nothing'" total api00 --data datasets/api/apistrat.csv --weights pw --where 'nothing > 3'
says 1 "apiclus1.csv: cluster" mean api00 --data datasets/api/apiclus1.csv --clusters dnum --strata stype
says 1 "has only one PSU" mean api00 --data datasets/api/apiclus1.csv --clusters dnum --strata cname --weights pw
head -n 2 datasets/api/apisrs.csv > "$scratch/one.csv"
says 1 "the sample has only one PSU" mean api00 --data "$scratch/one.csv" --weights pw
says 1 "'acs.core' is missing in row" mean api00 acs.core $data --missing fail
says 0 "mean" mean acs.core $data --missing fail --where 'stype = "E" and acs.core > 0'
says 1 "'acs.core' is missing in row 1:" test 'acs.core ~ sch.wide' $data --missing fail
says 0 "t " test 'acs.core ~ sch.wide' $data --missing fail --where 'acs.core > 0'
says 1 "'ph.karno' is missing in row" survival 'Surv(time, status) ~ ph.karno' --data tests/reference/data/lung.csv.gz --weights w --missing fail
says 1 "'acs.core' is missing in row 1:" regress 'api00 ~ acs.core' $data --missing fail
says 0 "acs.core" regress 'api00 ~ acs.core' $data --missing fail --where 'acs.core > 0'
says 1 "--maximal:1:" regress 'api00 ~ ell' $data --fit --maximal 'api00 ~ ell +'
says 2 "is described as a whole" design $data --by stype
says 2 "are those of all rows" replicates $data --replicates jkn --where 'ell > 1'
says 3 "nothing.csv" mean api00 --data "$scratch/nothing.csv"
says 3 "cannot write" mean api00 $data -o "$scratch/no/such/folder"

# ---- output files appear whole or not at all; notes go to standard error, --quiet drops them ----
"$survey" mean api00 $data --format csv -o "$scratch/out.csv" || fail "-o"
[ "$(cat "$scratch/out.csv")" = "$reference" ] || fail "-o writes the same"
[ -z "$(find "$scratch" -name '*.part')" ] || fail "a part file is left"
[ "$("$survey" mean acs.core $data 2>&1 >/dev/null)" = "survey: 94 rows were left out because a variable is missing" ] ||
    fail "note on missing values: $("$survey" mean acs.core $data 2>&1 >/dev/null)"
[ -z "$("$survey" mean acs.core $data --quiet 2>&1 >/dev/null)" ] || fail "--quiet"

# ---- names with any character: as they are, or in backquotes where commas and slashes separate names ----
printf '\357\273\277my var;"we ight";gr.oup;a`b;"q""q";доход;"x,y";a/b;grp\r\n"1.5";2;"A";1;2;100;5;4;1\r\n2.25;3;B;3;4;200;7;2;2\r\n;1;A;2;2;50;1;3;2\r\n4;2;B;2;"7";70;2;2;1\r\n' > "$scratch/names.csv"
names=(--data "$scratch/names.csv" --weights 'we ight' --format csv --quiet)
for variable in 'my var' 'gr.oup' 'a`b' 'q"q' 'доход' 'a/b' '`my var`' '`a``b`' '`x,y`' 'factor(`my var`)' 'factor(my var)'; do
    says 0 'mean,' mean "$variable" "${names[@]}"
done
says 0 'ratio,a/b/grp,,1.' ratio '`a/b`/grp' "${names[@]}"
says 0 'ratio,grp/a/b,,' ratio 'grp/`a/b`' "${names[@]}"
says 0 'ratio,my var/grp,,1.775,' ratio 'my var/`grp`' "${names[@]}"
says 2 'is not a ratio' ratio grp "${names[@]}"
says 2 'more than one /' ratio 'a/b/grp' "${names[@]}"
says 0 'statistic,variable,level,"x,y",gr.oup,estimate' total grp "${names[@]}" --by '`x,y`,gr.oup'
says 0 'statistic,variable,level,a`b,estimate' total grp "${names[@]}" --by '`a``b`'
says 0 'total,доход,,740,' total 'доход' "${names[@]}" --where '`my var` > 2'
[ "$("$survey" mean "my var" --data "$scratch/names.csv" --weights "we ight" 2>&1 >/dev/null)" = "survey: 1 row was left out because a variable is missing" ] || fail "one row"

# ---- limits for shares are not given for anything else ----
says 1 "use factor(enroll)" mean enroll --ci logit $data

# ---- the examples of --help work as they are typed ----
survey_path=$(realpath "$survey")
for verb in mean total ratio proportion table; do
    example=$("$survey" "$verb" --help | sed -n '/^Example$/{n;s/^ *survey //p}')
    (cd datasets/api && eval "\"$survey_path\" $example" > /dev/null) || fail "example of $verb: $example"
done
echo "$verbs verbs, $failures failures"
[ "$failures" -eq 0 ]

#!/bin/bash
# The demo goes through with the command that was built, twice in a row, and shows what it is there to show.
# usage: demo_test.sh SURVEY SCRATCH    (from the source folder)
survey=$(realpath "$1") scratch=$2 failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

# In a copy whose path has a blank, so that build/demo of the reader stays as it is.
copy="$scratch/a copy"
rm -rf "$copy"
mkdir -p "$copy"
cp -R script questionnaires datasets "$copy"
for time in first second; do
    SURVEY=$survey "$copy/script/demo" > "$scratch/output" 2>&1 || { cat "$scratch/output"; fail "the $time run ended with an error"; }
done
shows() { grep -q -E -e "$1" "$scratch/output" || fail "not shown: $1"; }
shows '2 questionnaires: no problems'
shows '^  = d_ros:1/d_age: 9$'
shows '^  \? More than 60 hours a week'
shows '^  Suspended\. '
shows '^  Going on with the interview that was suspended\.$'
shows '^  = a_key: ••••$'
shows '^  a-main-tcn +21 +1$'
shows '^  a-main-tcn +2026\.1 +0 +0 +2 +1 +3 '
shows '^  c-training +2026\.1 +0 +0 +1 +0 +1 '
shows 'terminal,maria,f_hours,,answer,,65,,two shifts on most days of the summer'
for group in AT EU Other; do
    shows "^  mean +employed +$group +0\.[0-9]+ +0\.[0-9]+ "
    shows "^  proportion +pl030 +1 +$group +0\.[0-9]+ +0\.[0-9]+ "
done
shows "survey interview build/demo/tcn\.study .*--case C004"

# Four interviews, and nothing of a participant key in clear: neither on the screen nor in the file.
[ "$("$survey" study status "$copy/build/demo/tcn.study" --format csv | awk -F, 'NR > 1 { n += $5 + $6 } END { print n }')" = 4 ] || fail "not four interviews"
grep -q mado12451 "$scratch/output" "$copy/build/demo/tcn.study" && fail "a participant key stands in clear"

# A step that fails ends the demo.
printf '#!/bin/sh\nexit 1\n' > "$scratch/broken"
chmod +x "$scratch/broken"
SURVEY=$scratch/broken "$copy/script/demo" > "$scratch/output" 2>&1 && fail "a failing step went unnoticed"
echo "$failures failures"
[ "$failures" -eq 0 ]

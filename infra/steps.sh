#!/usr/bin/env bash
# Times the steps of a long command and shows them in a table at its end, also
# when a step has failed.
#
#   steps.sh report BUDGET COMMAND...       runs COMMAND, then prints the table of its steps
#   steps.sh run BUDGET STEP COMMAND...     runs COMMAND as the step called STEP
#
# BUDGET is in seconds. A step that takes longer is marked in the table and does
# not fail: how long something takes depends on the machine. Both exit with the
# status of COMMAND.
set -uo pipefail

# table reads lines "begin STEP BUDGET" and "end STEP SECONDS STATUS".
table() {
  awk -F '\t' -v total="$1" -v budget="$2" -v status="$3" '
    function row(step, seconds, budget, result) { printf "%-36s %8s %8s  %s\n", step, seconds, budget, result }
    function result(seconds, budget, status) {
      if (status != 0) return "FAILED (exit status " status ")"
      return seconds + 0 > budget + 0 ? "ok, OVER BUDGET" : "ok"
    }
    $1 == "begin" { step[++n] = $2; of[n] = $3 }
    $1 == "end" { seconds[n] = $3; ended[n] = $4; sum += $3 }
    END {
      print ""
      row("step", "seconds", "budget", "result")
      row("----", "-------", "------", "------")
      for (i = 1; i <= n; i++)
        if (i in ended) row(step[i], seconds[i], of[i], result(seconds[i], of[i], ended[i]))
        else row(step[i], "", of[i], "NOT FINISHED")
      row("between the steps", total - sum, "", "")
      row("total", total, budget, result(total, budget, status))
    }' "$JARI_STEPS"
}

case ${1-} in
report)
  budget=$2
  shift 2
  JARI_STEPS=$(mktemp)
  export JARI_STEPS
  trap 'rm -f "$JARI_STEPS"' EXIT
  trap : INT TERM # the command ends by it, and the table is still printed
  SECONDS=0
  "$@"
  status=$?
  table "$SECONDS" "$budget" "$status"
  exit "$status"
  ;;
run)
  budget=$2 step=$3
  shift 3
  [ -n "${JARI_STEPS-}" ] || exec "$@" # outside of a report
  printf 'begin\t%s\t%s\n' "$step" "$budget" >>"$JARI_STEPS"
  echo "=== $step (budget $budget s)"
  SECONDS=0
  "$@"
  status=$?
  printf 'end\t%s\t%s\t%s\n' "$step" "$SECONDS" "$status" >>"$JARI_STEPS"
  echo "=== $step: exit status $status after $SECONDS s"
  exit "$status"
  ;;
*)
  sed -n '2,/^set/{/^#/p}' "$0" >&2
  exit 2
  ;;
esac

# shellcheck shell=bash
# Runs the jobs of a build: downloads beside compiles, needs before what needs
# them, one line per finished part, and a status line at least every 10 s.
declare -A JOB_STATE JOB_PID JOB_START   # keys: "fetch NAME", "build NAME"
declare -A MAX=([cpu]=${TB_BUILDS:-2} [io]=2 [fetch]=2)  # a link step uses one core: two builds fill two
STATUS_EVERY=10

# A build waits for its needs, for what should be made first, and for its own download.
ready() {
  local kind=$1 name=$2 need
  if [ "$kind" = build ]; then
    [ "${JOB_STATE["fetch $name"]:-done}" = "done" ] || return 1
    for need in ${P_NEEDS[$name]} ${P_AFTER[$name]}; do [ "${JOB_STATE["build $need"]:-done}" = "done" ] || return 1; done
  fi
}

lane() { if [ "$1" = fetch ]; then echo fetch; else echo "${P_LANE[$2]}"; fi; }

has_room() { # KIND NAME: is there a free place in its lane
  local job n=0 mine; mine=$(lane "$1" "$2")
  for job in "${!JOB_STATE[@]}"; do
    if [ "${JOB_STATE[$job]}" = running ] && [ "$(lane "${job%% *}" "${job#* }")" = "$mine" ]; then n=$((n + 1)); fi
  done
  [ "$n" -lt "${MAX[$mine]}" ]
}

start_job() {
  local kind=$1 name=$2 log=$TB_CACHE/logs/$1-$2.log
  rm -f "$TB_CACHE/tmp/$kind-$name.rc"
  set -m
  { run_job "$kind" "$name" >"$log" 2>&1 </dev/null; echo $? >"$TB_CACHE/tmp/$kind-$name.rc"; } &
  set +m
  JOB_PID["$kind $name"]=$! JOB_STATE["$kind $name"]=running JOB_START["$kind $name"]=$SECONDS
}

stop_jobs() { # each job leads a process group of its own
  local job
  for job in "${!JOB_STATE[@]}"; do
    if [ "${JOB_STATE[$job]}" = running ]; then kill -TERM -- "-${JOB_PID[$job]}" 2>/dev/null || true; fi
  done
}

# CPU seconds that the jobs now running have used, as "PID SECONDS" lines (each job
# leads a process group; a process's own count includes the children it waited for).
job_cpu() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/(.*)/x/' | awk '{used[$5] += $14+$15+$16+$17} END {for (g in used) print g, int(used[g]/100)}'
}

# Sets LEFT, the seconds that remain, from the recorded CPU seconds and the pace of this run
# so far. Work that was started beside it counts too: TB_BESIDE="PROCESS-GROUP SECONDS".
LEFT=0 BESIDE_USED=0
remaining() {
  local name left=0 made=0 part ran group beside
  local -A used=()
  while read -r group ran; do used[$group]=$ran; done < <(job_cpu)
  for name in "${TODO[@]}"; do
    part=${P_SECONDS[$name]}
    case ${JOB_STATE["build $name"]} in
      done) made=$((made + part)) ;;
      running)
        ran=${used[${JOB_PID["build $name"]}]:-0}
        made=$((made + ran))
        [ "$ran" -lt $((part * 9 / 10)) ] || ran=$((part * 9 / 10))
        left=$((left + part - ran)) ;;
      *) left=$((left + part)) ;;
    esac
  done
  if [ -n "${TB_BESIDE:-}" ]; then
    read -r group beside <<<"$TB_BESIDE"
    made=$((made + BESIDE_USED))
    if [ -n "${used[$group]:-}" ]; then # no such group any more: it is done
      BESIDE_USED=${used[$group]}
      [ "$BESIDE_USED" -ge "$beside" ] || left=$((left + beside - BESIDE_USED))
    fi
  fi
  local cores; cores=$(nproc)
  if [ "$made" -gt 120 ]; then LEFT=$((left * (SECONDS - BEGAN) / made)); else LEFT=$((left / (cores > 4 ? 4 : cores))); fi
}

status_line() {
  local job now=()
  for job in "${!JOB_STATE[@]}"; do
    if [ "${JOB_STATE[$job]}" = running ]; then now+=("${job#build } $((SECONDS - JOB_START[$job]))s"); fi
  done
  remaining
  local IFS=,
  say "[$DONE/${#TODO[@]}] $(clock $((SECONDS - BEGAN))) passed, about $(clock "$LEFT") left; now: ${now[*]}"
}

explain_failure() {
  local kind=$1 name=$2 log=$TB_CACHE/logs/$1-$2.log mend="see the log, then run the same command again: finished parts are kept"
  tail -8 "$log" | cut -c1-300 >&2
  if grep -qE '403 Forbidden|module version is not available' "$log"; then
    mend="the Go proxy does not hold that version; 'go list -m -versions MODULE' prints those it holds"
  elif grep -qE 'No space left' "$log"; then
    mend="free some disk ('testbed clean' or 'go clean -cache') and run again"
  elif grep -qE 'checksum mismatch|do not match the hashes' "$log"; then
    mend="what came is not what was pinned: do not go on before you know why"
  elif grep -qE 'dial tcp|Temporary failure|Could not resolve|timed out|connection reset' "$log"; then
    mend="the package registry did not answer; run the same command again"
  fi
  fail "$kind of part $name failed" "$log" "$mend"
}

finish_job() {
  local job=$1 kind=${1%% *} name=${1#* } rc
  rc=$(cat "$TB_CACHE/tmp/$kind-$name.rc" 2>/dev/null || echo 143)
  wait "${JOB_PID[$job]}" 2>/dev/null || true
  if [ "$rc" != 0 ]; then
    JOB_STATE[$job]=failed
    stop_jobs
    explain_failure "$kind" "$name"
  fi
  JOB_STATE[$job]="done"
  [ "$kind" = build ] || return 0
  DONE=$((DONE + 1))
  remaining
  say "$(printf '[%d/%d] %-15s made in %ds; %s passed, about %s left' "$DONE" "${#TODO[@]}" "$name" \
    $((SECONDS - JOB_START[$job])) "$(clock $((SECONDS - BEGAN)))" "$(clock "$LEFT")")"
}

# run_all: makes every part of ORDER that is not there yet.
run_all() {
  local name job kind
  TODO=() DONE=0 BEGAN=$SECONDS
  mkdir -p "$TB_CACHE"/{parts,logs,tmp,locks}
  for name in "${ORDER[@]}"; do
    part_done "$name" && continue
    TODO+=("$name")
    JOB_STATE["build $name"]=waiting
    [ -z "${P_FETCH[$name]:-}" ] || JOB_STATE["fetch $name"]=waiting
  done
  if [ ${#TODO[@]} = 0 ]; then say "all ${#ORDER[@]} parts are there already"; return 0; fi
  say "${#TODO[@]} of ${#ORDER[@]} parts to make: ${TODO[*]}"
  trap 'stop_jobs; say "stopped; run the same command again to go on"; exit 130' INT TERM HUP
  local told=$SECONDS
  while [ "$DONE" -lt ${#TODO[@]} ]; do
    for kind in fetch build; do
      for name in "${TODO[@]}"; do
        job="$kind $name"
        case ${JOB_STATE[$job]:-done} in
          waiting)
            if ready "$kind" "$name" && has_room "$kind" "$name"; then start_job "$kind" "$name"; fi ;;
          running)
            # the rc file is the job's last word; no process and no file means it was killed
            if [ -s "$TB_CACHE/tmp/$kind-$name.rc" ] || ! kill -0 "${JOB_PID[$job]}" 2>/dev/null; then
              finish_job "$job"; told=$SECONDS
            fi ;;
        esac
      done
    done
    if [ $((SECONDS - told)) -ge "$STATUS_EVERY" ]; then status_line; told=$SECONDS; fi
    sleep 0.5
  done
  trap - INT TERM HUP
}

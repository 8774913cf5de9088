# shellcheck shell=bash
# The container engine: Debian's docker.io, started by hand where no systemd runs.
ENGINE_DIR=$TB_CACHE/engine

engine_runs() { docker info >/dev/null 2>&1; }

# Bits of the bounding set that the kernel knows and this machine does not grant.
lacks_capabilities() {
  local bounding last
  bounding=$((16#$(awk '/^CapBnd/ {print $2}' /proc/self/status)))
  last=$(cat /proc/sys/kernel/cap_last_cap)
  (((bounding & ((1 << (last + 1)) - 1)) != (1 << (last + 1)) - 1))
}

engine_start() {
  if engine_runs; then say "the engine runs already ($(docker info -f '{{.ServerVersion}}' 2>/dev/null))"; return; fi
  need_root
  ensure_packages docker.io iptables
  if has_systemd; then
    ask "start the container engine (systemctl start docker)"
    systemctl start docker || fail "systemd could not start docker" "journalctl -u docker" "see its journal"
    engine_runs || fail "docker is started but does not answer" "journalctl -u docker"
    return
  fi
  local options=(--data-root "$ENGINE_DIR/data" --pidfile "$ENGINE_DIR/dockerd.pid") i
  mkdir -p "$ENGINE_DIR"
  if lacks_capabilities; then
    expand engine
    run_all
    # a fixed place: running containers remember it; replaced, not written into
    cp "$(part_out engine)/trimcaps" "$ENGINE_DIR/trimcaps.new"
    mv "$ENGINE_DIR/trimcaps.new" "$ENGINE_DIR/trimcaps"
    options+=(--add-runtime "trimmed=$ENGINE_DIR/trimcaps" --default-runtime trimmed)
  fi
  ask "start the container engine by hand (dockerd, data in $ENGINE_DIR/data) and set iptables to its legacy kind"
  update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
  update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy
  # 8 and 9 are locks of this run: the engine must not hold them on
  nohup setsid dockerd "${options[@]}" >>"$ENGINE_DIR/dockerd.log" 2>&1 </dev/null 8>&- 9>&- &
  for i in $(seq 60); do
    engine_runs && { say "the engine runs ($(docker info -f '{{.ServerVersion}}'))"; return; }
    sleep 0.5
  done
  tail -5 "$ENGINE_DIR/dockerd.log" >&2
  fail "the engine did not start in 30 s" "$ENGINE_DIR/dockerd.log" "its last lines are above; 'testbed doctor' looks for the usual causes"
}

engine_stop() {
  local pid i
  if has_systemd; then systemctl stop docker.socket docker; return; fi
  pid=$(cat "$ENGINE_DIR/dockerd.pid" 2>/dev/null || true)
  if [ -z "$pid" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
    say "no engine of ours runs"; return
  fi
  kill -TERM "$pid"
  for i in $(seq 120); do [ -d "/proc/$pid" ] || { say "the engine is stopped"; return; }; sleep 0.5; done
  fail "the engine did not end in 60 s" "process $pid, $ENGINE_DIR/dockerd.log"
}

cmd_engine() {
  case $1 in
    start) engine_start ;;
    stop) engine_stop ;;
    status)
      if engine_runs; then
        docker info -f 'runs: {{.ServerVersion}}, default runtime {{.DefaultRuntime}}, data {{.DockerRootDir}}, {{.ContainersRunning}} containers'
      else
        echo "does not run"; return 1
      fi ;;
    *) fail "engine start, stop or status" ;;
  esac
}

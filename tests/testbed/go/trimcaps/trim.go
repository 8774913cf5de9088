package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// In the kernel's order: the index is the capability's number.
var capNames = strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON
BPF CHECKPOINT_RESTORE`)

// In the kernel's order as well.
var rlimitNames = strings.Fields(`CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE
NICE RTPRIO RTTIME`)

// limits is what this process may not go beyond.
type limits struct {
	missing  map[string]bool // capabilities outside the bounding set
	oomScore int64           // lowest oom_score_adj that may be asked for
	hard     func(resource int) (uint64, bool)
}

func (l limits) lacking() bool { return len(l.missing) > 0 }

func ownLimits() limits {
	status, _ := os.ReadFile("/proc/self/status")
	score, _ := os.ReadFile("/proc/self/oom_score_adj")
	own, _ := strconv.ParseInt(strings.TrimSpace(string(score)), 10, 64)
	return limits{missing: missingCaps(string(status)), oomScore: own, hard: hardLimit}
}

func hardLimit(resource int) (uint64, bool) {
	var r syscall.Rlimit
	if syscall.Getrlimit(resource, &r) != nil {
		return 0, false
	}
	return r.Max, true
}

// missingCaps reads CapBnd of /proc/PID/status. An unreadable status means
// "none missing": then nothing is changed.
func missingCaps(status string) map[string]bool {
	missing := map[string]bool{}
	for _, line := range strings.Split(status, "\n") {
		hex, ok := strings.CutPrefix(line, "CapBnd:")
		if !ok {
			continue
		}
		bits, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		if err != nil {
			return missing
		}
		for i, name := range capNames {
			if bits&(1<<uint(i)) == 0 {
				missing["CAP_"+name] = true
			}
		}
	}
	return missing
}

// trim edits one OCI process description in place.
func (l limits) trim(process map[string]any) {
	if sets, ok := process["capabilities"].(map[string]any); ok {
		for name, set := range sets {
			if list, ok := set.([]any); ok {
				sets[name] = l.keep(list)
			}
		}
	}
	if !l.missing["CAP_SYS_RESOURCE"] {
		return // with it, scores and limits may be set freely
	}
	if n, ok := process["oomScoreAdj"].(json.Number); ok {
		if want, err := n.Int64(); err == nil && want < l.oomScore {
			process["oomScoreAdj"] = l.oomScore
		}
	}
	if list, ok := process["rlimits"].([]any); ok {
		for _, entry := range list {
			if e, ok := entry.(map[string]any); ok {
				l.cap(e)
			}
		}
	}
}

func (l limits) keep(caps []any) []any {
	kept := []any{}
	for _, c := range caps {
		if name, _ := c.(string); !l.missing[name] {
			kept = append(kept, c)
		}
	}
	return kept
}

func (l limits) cap(rlimit map[string]any) {
	kind, _ := rlimit["type"].(string)
	for i, name := range rlimitNames {
		if kind != "RLIMIT_"+name {
			continue
		}
		max, ok := l.hard(i)
		if !ok {
			return
		}
		for _, end := range []string{"hard", "soft"} {
			if n, ok := rlimit[end].(json.Number); ok {
				if v, err := strconv.ParseUint(n.String(), 10, 64); err == nil && v > max {
					rlimit[end] = max
				}
			}
		}
	}
}

// rewrite reads a JSON file, lets edit change it, and writes it back. Numbers
// stay as they were written.
func rewrite(path string, edit func(map[string]any)) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return err
	}
	edit(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return os.WriteFile(path, out, 0o600)
}

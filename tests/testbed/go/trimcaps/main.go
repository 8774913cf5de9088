// trimcaps stands in front of runc on a host that may not hand out every
// capability (a container or a locked-down VM). A privileged container asks for
// all of them, and the kernel refuses the whole request when one is missing.
// trimcaps takes out of the request what this process could not grant anyway
// and then becomes the real runc. On a host with every capability it changes
// nothing.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Places where distributions put runc; TRIMCAPS_RUNC overrides them.
var runcPaths = []string{"/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc"}

func main() {
	if limits := ownLimits(); limits.lacking() {
		if err := trimRequest(os.Args[1:], limits); err != nil {
			// Not fatal: runc gives the better error when the file is bad.
			fmt.Fprintln(os.Stderr, "trimcaps: request left as it is:", err)
		}
	}
	runc := findRunc()
	if err := syscall.Exec(runc, append([]string{"runc"}, os.Args[1:]...), os.Environ()); err != nil {
		fmt.Fprintf(os.Stderr, "trimcaps: cannot run %s: %v\n", runc, err)
		os.Exit(127)
	}
}

func findRunc() string {
	if p := os.Getenv("TRIMCAPS_RUNC"); p != "" {
		return p
	}
	for _, p := range runcPaths {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return runcPaths[0]
}

// trimRequest finds the file that holds the request: the bundle's config.json
// for a new container, the file named by --process for an exec.
func trimRequest(args []string, limits limits) error {
	for _, a := range args {
		switch a {
		case "create", "run", "restore":
			dir := option(args, "--bundle", "-b")
			if dir == "" {
				dir = "."
			}
			return rewrite(filepath.Join(dir, "config.json"), func(doc map[string]any) {
				if p, ok := doc["process"].(map[string]any); ok {
					limits.trim(p)
				}
			})
		case "exec":
			if f := option(args, "--process", "-p"); f != "" {
				return rewrite(f, limits.trim)
			}
			return nil
		}
	}
	return nil
}

// option returns the value of the first of the named options, in either form:
// "--name value" or "--name=value".
func option(args []string, names ...string) string {
	for i, a := range args {
		for _, n := range names {
			if a == n && i+1 < len(args) {
				return args[i+1]
			}
			if v, ok := strings.CutPrefix(a, n+"="); ok {
				return v
			}
		}
	}
	return ""
}

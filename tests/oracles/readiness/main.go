// Judges status documents with kstatus (as Flux and Helm 4 use it) and with the health checks of Argo CD's gitops-engine.
//
// Reads one JSON object a line from standard input: {"id": …, "crc": …, "object": {…}}. Writes one JSON object whose keys are the ids and whose
// values are "crc kstatus argo". Argo CD's Lua rules are not part of that Go module, so kinds that only have such a rule come out as "none".
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type document struct {
	ID     string          `json:"id"`
	CRC    string          `json:"crc"`
	Object json.RawMessage `json:"object"`
}

// The words of docs/readiness.md for what each says.
var (
	kstatusWords = map[status.Status]string{
		status.CurrentStatus: "ready", status.InProgressStatus: "waiting", status.FailedStatus: "failed", status.TerminatingStatus: "terminating",
	}
	argoWords = map[health.HealthStatusCode]string{
		health.HealthStatusHealthy: "ready", health.HealthStatusProgressing: "waiting", health.HealthStatusDegraded: "failed",
		health.HealthStatusSuspended: "suspended", health.HealthStatusMissing: "missing", health.HealthStatusUnknown: "unknown",
	}
)

// Either may panic over a document of a shape it does not expect: that is a verdict too.
func guarded(judge func() string) (word string) {
	defer func() {
		if recover() != nil {
			word = "panic"
		}
	}()
	return judge()
}

func byKstatus(object *unstructured.Unstructured) string {
	result, err := status.Compute(object)
	if err != nil {
		return "error"
	}
	if word, known := kstatusWords[result.Status]; known {
		return word
	}
	return "unknown"
}

func byArgo(object *unstructured.Unstructured) string {
	result, err := health.GetResourceHealth(object, nil)
	if err != nil {
		return "error"
	}
	if result == nil {
		return "none"
	}
	return argoWords[result.Status]
}

func judge(line []byte, verdicts map[string]string) error {
	var doc document
	if err := json.Unmarshal(line, &doc); err != nil {
		return err
	}
	// each gets a copy of its own, read as a client reads it
	read := func() (*unstructured.Unstructured, error) {
		object := &unstructured.Unstructured{}
		return object, object.UnmarshalJSON(doc.Object)
	}
	first, err := read()
	if err != nil {
		return fmt.Errorf("%s: %w", doc.ID, err)
	}
	second, _ := read()
	kstatus := guarded(func() string { return byKstatus(first) })
	argo := guarded(func() string { return byArgo(second) })
	verdicts[doc.ID] = doc.CRC + " " + kstatus + " " + argo
	return nil
}

func run() error {
	verdicts := map[string]string{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := judge(lines.Bytes(), verdicts); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	ids := make([]string, 0, len(verdicts))
	for id := range verdicts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, "{")
	for at, id := range ids {
		key, _ := json.Marshal(id)
		value, _ := json.Marshal(verdicts[id])
		comma := ","
		if at == len(ids)-1 {
			comma = ""
		}
		fmt.Fprintf(out, "%s: %s%s\n", key, value, comma)
	}
	fmt.Fprintln(out, "}")
	return out.Flush()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "judging:", err)
		os.Exit(1)
	}
}

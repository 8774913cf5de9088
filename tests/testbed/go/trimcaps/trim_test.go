package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const lacksResource = "Name:\tx\nCapBnd:\t000001fffeffffff\n" // bit 24 is SYS_RESOURCE

func TestMissingCaps(t *testing.T) {
	if got := missingCaps(lacksResource); len(got) != 1 || !got["CAP_SYS_RESOURCE"] {
		t.Fatalf("missing = %v", got)
	}
	if got := missingCaps("CapBnd:\t000001ffffffffff\n"); len(got) != 0 {
		t.Fatalf("full set, missing = %v", got)
	}
	if got := missingCaps("no such line"); len(got) != 0 {
		t.Fatalf("unreadable, missing = %v", got)
	}
}

func testLimits() limits {
	return limits{missing: missingCaps(lacksResource), oomScore: 2,
		hard: func(int) (uint64, bool) { return 1000, true }}
}

func TestTrimOfNewContainer(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.json")
	in := `{"big":12345678901234567890,"process":{"oomScoreAdj":-998,
		"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]},
		"rlimits":[{"type":"RLIMIT_NOFILE","hard":5000,"soft":10}]}}`
	if err := os.WriteFile(file, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := trimRequest([]string{"--root", "/x", "create", "--bundle", dir, "id"}, testLimits()); err != nil {
		t.Fatal(err)
	}
	out, _ := os.ReadFile(file)
	want := `{"big":12345678901234567890,"process":{"capabilities":{"bounding":["CAP_CHOWN"]},"oomScoreAdj":2,` +
		`"rlimits":[{"hard":1000,"soft":10,"type":"RLIMIT_NOFILE"}]}}`
	if string(out) != want {
		t.Fatalf("got  %s\nwant %s", out, want)
	}
}

func TestTrimOfExec(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.json")
	os.WriteFile(file, []byte(`{"capabilities":{"effective":["CAP_SYS_RESOURCE"]}}`), 0o600)
	if err := trimRequest([]string{"exec", "--process=" + file, "id"}, testLimits()); err != nil {
		t.Fatal(err)
	}
	out, _ := os.ReadFile(file)
	if strings.Contains(string(out), "SYS_RESOURCE") || !json.Valid(out) {
		t.Fatalf("got %s", out)
	}
}

func TestOtherCommandsTouchNothing(t *testing.T) {
	if err := trimRequest([]string{"state", "id"}, testLimits()); err != nil {
		t.Fatal(err)
	}
}

func TestBadFileIsReported(t *testing.T) {
	if trimRequest([]string{"create", "-b", t.TempDir()}, testLimits()) == nil {
		t.Fatal("a bundle without config.json went through")
	}
}

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
	Dir        string
	GoFiles    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Dir,GoFiles", "trackwalker/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list gave only %d packages", len(all))
	}
	return all
}

// ranks says which packages may import which: a package imports only those of a lower rank. A name that ends in / stands
// for all packages below it.
func ranks() map[string]int {
	return map[string]int{
		"screenshots": 0, "scenarios/source": 0, "scenarios/browser": 0,
		"scenarios/browser/cdp": 1, "scenarios/browser/webdriver": 1, "scenarios/browser/browsertest": 1, "scenarios/steps": 1,
		"scenarios":        2,
		"scenarios/runner": 3, "reporters/incident": 3, "scenarios/examples": 3, "scenarios/examples/shop": 3,
		"reporters": 4, "agent/queue": 4,
		"reporters/": 5, "agent/store": 5, "agent/config": 5, "agent/schedule": 5, "agent/web": 5, "agent/telemetry": 5,
		"agent/app": 6,
		"agent/cli": 7,
		"agent":     8,
		// The generator of the page script: a program of its own, imported by nobody.
		"scenarios/browser/script": 9,
	}
}

func rankOf(t *testing.T, path string) int {
	t.Helper()
	name := strings.TrimPrefix(path, "trackwalker/")
	all := ranks()
	if r, found := all[name]; found {
		return r
	}
	if parent, _, found := strings.Cut(name, "/"); found {
		if r, found := all[parent+"/"]; found {
			return r
		}
	}
	t.Errorf("%s has no rank: give it one here and in docs/architecture.md", path)
	return 0
}

func TestPackagesImportOnlyLowerRanks(t *testing.T) {
	for _, p := range listPackages(t) {
		rank := rankOf(t, p.ImportPath)
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "trackwalker/") && rankOf(t, imported) >= rank {
				t.Errorf("%s (rank %d) imports %s (rank %d)", p.ImportPath, rank, imported, rankOf(t, imported))
			}
		}
	}
}

// TestOutsidePackagesStayInTheirPlace holds every library that others must not depend on to the packages that may import it.
func TestOutsidePackagesStayInTheirPlace(t *testing.T) {
	allowed := map[string][]string{
		"github.com/chromedp/":       {"scenarios/browser/cdp"},
		"github.com/tebeka/selenium": {"scenarios/browser/webdriver"},
		"github.com/slack-go/slack":  {"reporters/slack", "reporters/reportertest"},
		"github.com/wneessen/":       {"reporters/email"},
		"github.com/riverqueue/":     {"agent/queue"},
		"modernc.org/sqlite":         {"agent/queue", "agent/store"},
		"database/sql":               {"agent/queue", "agent/store"},
		"github.com/evanw/esbuild":   {"scenarios/browser/script"},
		"testing":                    {"scenarios/browser/browsertest", "reporters/reportertest"},
		"net/http/httptest":          {"scenarios/browser/browsertest", "reporters/reportertest"},
	}
	for _, p := range listPackages(t) {
		for _, imported := range p.Imports {
			for prefix, homes := range allowed {
				matches := imported == prefix || strings.HasPrefix(imported, strings.TrimSuffix(prefix, "/")+"/")
				if matches && !slices.Contains(homes, strings.TrimPrefix(p.ImportPath, "trackwalker/")) {
					t.Errorf("%s imports %s, which belongs to %v alone", p.ImportPath, imported, homes)
				}
			}
		}
	}
}

// TestSuitesDoNotShip makes sure that what only tests import is in no binary.
func TestSuitesDoNotShip(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "trackwalker/agent").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if path == "testing" || strings.HasSuffix(path, "browsertest") || strings.HasSuffix(path, "reportertest") {
			t.Errorf("the binary holds %s", path)
		}
	}
}

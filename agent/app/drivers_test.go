package app

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trackwalker/agent/config"
	"trackwalker/scenarios/browser"
)

var update = flag.Bool("update", false, "write the files that are made of the code")

// TestBrowsersReferenceIsFresh makes the table of what each browser can do, in docs/configuration.md, of what the drivers say.
func TestBrowsersReferenceIsFresh(t *testing.T) {
	const path = "../../docs/configuration.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const first, last = "<!-- made by the tests of agent/app: browsers -->\n", "<!-- end -->\n"
	before, rest, begins := strings.Cut(string(text), first)
	_, after, ends := strings.Cut(rest, last)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table, between %q and %q", path, first, last)
	}
	want := before + first + "\n" + abilities() + "\n" + last + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("%s is older than the drivers: go test ./agent/app -update\n%s", path, diff)
	}
	for _, f := range config.BrowserFields() {
		if !strings.Contains(before, "| `"+f.Key+"` |") {
			t.Errorf("%s does not tell of %s", path, f.Key)
		}
	}
}

// abilities is a table of features by browser.
func abilities() string {
	columns := []struct {
		name string
		config.Browser
	}{
		{"`cdp`", config.Browser{Driver: "cdp"}},
		{"`chrome`, `edge`", config.Browser{Driver: "webdriver", Browser: "chrome"}},
		{"`webkit`", config.Browser{Driver: "webdriver", Browser: "webkit"}},
		{"`firefox`, `safari`, others", config.Browser{Driver: "webdriver", Browser: "firefox"}},
	}
	var table strings.Builder
	table.WriteString("| |")
	for _, c := range columns {
		fmt.Fprintf(&table, " %s |", c.name)
	}
	table.WriteString("\n|---" + strings.Repeat("|---", len(columns)) + "|\n")
	for f := browser.Features(1); f.String() != ""; f <<= 1 {
		fmt.Fprintf(&table, "| %s |", f)
		for _, c := range columns {
			fmt.Fprintf(&table, " %s |", map[bool]string{true: "yes", false: "no"}[supports(c.Browser)&f != 0])
		}
		table.WriteString("\n")
	}
	return table.String()
}

// TestColumnsStandForTheirBrowsers: the browsers that share a column of the table can do the same.
func TestColumnsStandForTheirBrowsers(t *testing.T) {
	for _, same := range [][]string{{"chrome", "chromium", "edge"}, {"webkit", "MiniBrowser"}, {"firefox", "safari", "konqueror"}} {
		var all []browser.Features
		for _, name := range same {
			all = append(all, supports(config.Browser{Driver: "webdriver", Browser: name}))
		}
		if len(slices.Compact(all)) != 1 {
			t.Errorf("%v can do %v", same, all)
		}
	}
}

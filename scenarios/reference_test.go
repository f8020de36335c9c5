package scenarios_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/source"
	"trackwalker/scenarios/steps"
)

// TestReferenceIsFresh makes docs/scenario-reference.md of the tables that the loader reads by.
func TestReferenceIsFresh(t *testing.T) {
	const path = "../docs/scenario-reference.md"
	want := reference(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is older than the tables: go test ./scenarios -update\n%s", path, diff)
	}
}

func reference(t *testing.T) string {
	t.Helper()
	frame, err := os.ReadFile("testdata/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	var kinds strings.Builder
	for _, k := range steps.Table() {
		fmt.Fprintf(&kinds, "### %s\n\n%s\n\n", k.Name, k.Doc)
		if k.Plain != "" {
			fmt.Fprintf(&kinds, "Plain string: %s.\n\n", k.Plain)
		}
		own := ownFields(k.Fields)
		if len(own) < len(k.Fields) {
			kinds.WriteString("Map form: a [locator](#locators)")
			if len(own) > 0 {
				kinds.WriteString(", and any of:")
			}
			kinds.WriteString("\n\n")
		}
		kinds.WriteString(table(own))
		if k.Items != nil {
			fmt.Fprintf(&kinds, "Each of the %s is a map:\n\n%s", k.Name, table(k.Items))
		}
		fmt.Fprintf(&kinds, "```yaml\n%s\n```\n\n", k.Example)
		for _, name := range slices.Sorted(maps.Keys(k.Files)) {
			if steps.IsFragment(name) {
				fmt.Fprintf(&kinds, "where `%s` is:\n\n```yaml\n%s```\n\n", name, k.Files[name])
			}
		}
	}
	return strings.NewReplacer(
		"{{file}}", table(scenarios.FileFields()), "{{alert}}", table(scenarios.AlertFields()), "{{common}}", table(steps.CommonFields()),
		"{{fragment}}", table(steps.FragmentFields()), "{{locator}}", table(steps.LocatorFields()), "{{kinds}}\n", strings.TrimSuffix(kinds.String(), "\n"),
		"{{devices}}", devices(), "{{networks}}", networks(),
		"{{keys}}", strings.Join(steps.Keys(), ", "),
	).Replace(string(frame))
}

// devices gives the names of all that are held upright.
func devices() string {
	var names []string
	for _, d := range browser.Devices() {
		if !strings.HasSuffix(d.Name, " landscape") {
			names = append(names, d.Name)
		}
	}
	return strings.Join(names, ", ")
}

func networks() string {
	return "`" + strings.Join(slices.Sorted(maps.Keys(browser.NetworkProfiles())), "`, `") + "`"
}

// ownFields gives the fields of a kind that are not a locator's.
func ownFields(fields []source.Field) []source.Field {
	locator := map[string]bool{}
	for _, f := range steps.LocatorFields() {
		locator[f.Key] = true
	}
	isLocator := 0
	var own []source.Field
	for _, f := range fields {
		if locator[f.Key] {
			isLocator++
			continue
		}
		own = append(own, f)
	}
	if isLocator < len(locator) {
		return fields // a key of its own that is called like one of a locator's
	}
	return own
}

func table(fields []source.Field) string {
	if len(fields) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| key | type | meaning |\n|---|---|---|\n")
	for _, f := range fields {
		doc := f.Doc
		if f.Required {
			doc += " (required)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Key, strings.ReplaceAll(f.Type, "|", " · "), strings.ReplaceAll(doc, "|", "\\|"))
	}
	b.WriteString("\n")
	return b.String()
}

package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trackwalker/scenarios"
	"trackwalker/scenarios/examples/shop"
	"trackwalker/scenarios/runner"
)

// TestCookbook plays every flow of the cookbook as it stands there. The first line of each names its file.
func TestCookbook(t *testing.T) {
	page, err := os.ReadFile("../../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOP_PASSWORD", shop.Password)
	t.Setenv("SHOP_OTP_SECRET", shop.Secret)
	s := newStage(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "lamp.png"), "light")
	var flows []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		name := regexp.MustCompile(`^# (\S+\.yaml)\n`).FindStringSubmatch(block[1])
		if name == nil {
			t.Fatalf("a block does not say the name of its file:\n%s", block[1])
		}
		write(t, filepath.Join(dir, name[1]), block[1])
		if !strings.HasPrefix(name[1], "_") {
			flows = append(flows, name[1])
		}
	}
	if len(flows) < 15 {
		t.Errorf("only %d flows were found", len(flows))
	}
	for _, name := range flows {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			scenario, err := scenarios.LoadFile(path, scenarios.Env{Override: map[string]string{"base": s.base}})
			if err != nil {
				t.Fatal(err)
			}
			run := s.runner.Run(t.Context(), scenario, runner.Options{})
			if run.Outcome != scenarios.Passed || run.Attempts != 1 {
				t.Errorf("%s in attempt %d: %+v, warnings %q", run.Outcome, run.Attempts, run.Failure, run.Warnings)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

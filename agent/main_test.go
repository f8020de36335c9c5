package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// binaryVariable names, in the environment of the tests, the program that they run.
const binaryVariable = "TRACKWALKER_TEST_BINARY"

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program once, as the tests themselves were built, and runs them on it.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "trackwalker-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "trackwalker")
	args := []string{"build", "-o", binary}
	if raced() {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "trackwalker/agent")...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "the program cannot be built:", err)
		return 1
	}
	if err := os.Setenv(binaryVariable, binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// raced reports whether the race detector watches this test.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "-race" {
			return setting.Value == "true"
		}
	}
	return false
}

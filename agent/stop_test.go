package main_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A command that does not see to signals itself ends at once, wherever it is: here it reads what never comes.
func TestStopReading(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name+" while init asks", func(t *testing.T) {
			w := newWorld(t)
			stdin, answer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stdin.Close(); answer.Close() })
			a := w.start(stdin, "init")
			eventually(t, "it asks", func() bool { return a.out.has("Its URL: ") })
			a.signal(s)
			if code := a.status(); code != 3 {
				t.Errorf("it ended with %d", code)
			}
		})
		for _, command := range []string{"validate", "run"} {
			t.Run(name+" while "+command+" reads", func(t *testing.T) {
				w := newWorld(t)
				file := filepath.Join(w.dir, "pipe.yaml")
				if err := syscall.Mkfifo(file, 0o600); err != nil {
					t.Fatal(err)
				}
				a := w.run(command, file)
				var text *os.File
				eventually(t, "it reads", func() (open bool) {
					var err error
					text, err = os.OpenFile(file, os.O_WRONLY|syscall.O_NONBLOCK, 0) // refused while nobody reads
					return err == nil
				})
				t.Cleanup(func() { text.Close() })
				a.signal(s)
				if code := a.status(); code != 3 {
					t.Errorf("it ended with %d", code)
				}
			})
		}
	}
}

// A run that is told to stop, and to be quick about it, leaves no browser and no profile.
func TestStopRunTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	temp := filepath.Join(w.dir, "data") // where the world looks for what is left
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "TMPDIR="+temp)
	w.site.hold()
	a := w.run("run", "--output", "json", "scenarios/shop.yaml")
	eventually(t, "it plays", func() bool { return w.site.visited("shop") > 0 })
	if len(w.processes()) == 0 {
		t.Fatal("the browser is not where it is looked for")
	}
	// Two signals of one kind that are not taken yet would be one.
	a.signal(syscall.SIGINT)
	a.signal(syscall.SIGTERM)
	if code := a.status(); code != 3 || !a.out.has(`"outcome": "aborted"`) {
		t.Errorf("it ended with %d, and printed:\n%s", code, a.out)
	}
	w.clean()
	left, err := filepath.Glob(filepath.Join(temp, "*", "browser-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("it leaves %s (%v)", left, err)
	}
}

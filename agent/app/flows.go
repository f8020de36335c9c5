package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"trackwalker/agent/schedule"
	"trackwalker/scenarios"
)

// flow is one scenario that the agent plays, and when.
type flow struct {
	scenario *scenarios.Scenario
	plan     schedule.Plan // nil: only when asked to
}

// flows are the scenarios of the folder as they are played now. A file that is broken leaves its last good version.
type flows struct {
	dir string
	env scenarios.Env

	mu        sync.Mutex
	stamp     map[string]stamp // of the files that were read last
	fragments []string         // that the flows use, in whatever folder
	ignored   []string
	byName    map[string]flow
	broken    map[string]error
	secrets   []error   // of files that want a secret which is not set
	read      time.Time // when the files were read last
}

// stamp tells whether a file has changed.
type stamp struct {
	modified time.Time
	size     int64
}

// lookAgain is after how long a folder with a broken file is read again though no file changed: a secret may be there now.
const lookAgain = 30 * time.Second

func newFlows(dir string, env scenarios.Env) *flows {
	return &flows{dir: dir, env: env, byName: map[string]flow{}, broken: map[string]error{}}
}

// changes are what a reading of the folder brought.
type changes struct {
	added, removed []string         // scenarios, by name; a changed one is added again
	broken         map[string]error // by file, where the error is new
	ignored        []string         // files that look like scenarios and are none, where that is new
}

// reload reads the folder if any of its files has changed. The error says why the folder itself cannot be read; what was
// played before is played on.
func (f *flows) reload() (changes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamps, err := stampsOf(f.dir, f.fragments)
	if err != nil {
		return changes{}, err
	}
	unchanged := f.stamp != nil && maps.Equal(stamps, f.stamp)
	if unchanged && (len(f.broken) == 0 || time.Since(f.read) < lookAgain) {
		return changes{}, nil
	}
	f.read = time.Now()
	folder, err := scenarios.LoadFolder(f.dir, f.env)
	if err != nil {
		return changes{}, err
	}
	f.fragments = folder.Fragments
	addStamps(stamps, f.fragments) // those that were not known before
	f.stamp = stamps
	return f.take(folder), nil
}

// take replaces the flows by those of the folder.
func (f *flows) take(folder scenarios.Folder) changes {
	before, brokenBefore := f.byName, f.broken
	f.byName, f.broken, f.secrets = map[string]flow{}, folder.Broken, nil
	c := changes{broken: map[string]error{}}
	for _, file := range folder.Ignored {
		if !slices.Contains(f.ignored, file) {
			c.ignored = append(c.ignored, file)
		}
	}
	f.ignored = folder.Ignored
	for _, s := range folder.Scenarios {
		if err := errors.Join(s.MissingSecrets()...); err != nil {
			f.broken[s.File] = fmt.Errorf("%s: %w", s.File, err)
			f.secrets = append(f.secrets, f.broken[s.File])
			continue
		}
		plan, err := planOf(s)
		if err != nil {
			f.broken[s.File] = fmt.Errorf("%s: %w", s.File, err)
			continue
		}
		f.byName[s.Name] = flow{s, plan}
		c.added = append(c.added, s.Name)
	}
	for name, old := range before {
		if _, loaded := f.byName[name]; loaded {
			continue
		}
		if f.broken[old.scenario.File] != nil {
			f.byName[name] = old
			continue
		}
		c.removed = append(c.removed, name)
	}
	for file, err := range f.broken {
		if known := brokenBefore[file]; known == nil || known.Error() != err.Error() {
			c.broken[file] = err
		}
	}
	return c
}

func planOf(s *scenarios.Scenario) (schedule.Plan, error) {
	switch {
	case s.Every > 0:
		return schedule.Every(s.Name, s.Every)
	case s.Cron != "":
		return schedule.Cron(s.Cron, s.Timezone)
	default:
		return nil, nil
	}
}

// get gives a flow by name.
func (f *flows) get(name string) (flow, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, found := f.byName[name]
	return one, found
}

// all gives the flows by name.
func (f *flows) all() []flow {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []flow
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		list = append(list, f.byName[name])
	}
	return list
}

// unwatched gives the broken files of which no good version is played.
func (f *flows) unwatched() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	played := map[string]bool{}
	for _, one := range f.byName {
		played[one.scenario.File] = true
	}
	var list []string
	for _, file := range slices.Sorted(maps.Keys(f.broken)) {
		if !played[file] {
			list = append(list, file)
		}
	}
	return list
}

// isBroken reports whether the file is there and not right.
func (f *flows) isBroken(file string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken[file] != nil
}

// problems gives what is wrong with files, in the order of their names.
func (f *flows) problems() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, file := range slices.Sorted(maps.Keys(f.broken)) {
		list = append(list, f.broken[file].Error())
	}
	return list
}

// missingSecrets says which files want a secret that is not set.
func (f *flows) missingSecrets() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.secrets...)
}

// stampsOf looks at every scenario file and fragment of the folder, and at further fragments.
func stampsOf(dir string, fragments []string) (map[string]stamp, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the scenario folder %s does not exist: make it, or name another one under scenarios: in agent.yaml", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the scenario folder cannot be read: %w", err)
	}
	stamps := map[string]stamp{}
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".yaml" {
			addStamps(stamps, []string{filepath.Join(dir, e.Name())})
		}
	}
	addStamps(stamps, fragments)
	return stamps, nil
}

// addStamps adds those of files that are not among the stamps.
func addStamps(stamps map[string]stamp, files []string) {
	for _, file := range files {
		if _, known := stamps[file]; known {
			continue
		}
		// Through links: a mounted folder often holds links to its files.
		if info, err := os.Stat(file); err == nil {
			stamps[file] = stamp{info.ModTime(), info.Size()}
		}
	}
}

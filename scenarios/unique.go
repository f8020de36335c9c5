package scenarios

import (
	"os"
	"path/filepath"

	"trackwalker/scenarios/source"
)

// Unique finds scenarios of one folder that have the same name. Its zero value knows none yet.
type Unique struct {
	files map[named]string
}

// named is what only one file has.
type named struct{ dir, name string }

// Add takes in a scenario. The error is source.Problems when another file of its folder has taken its name before.
func (u *Unique) Add(s *Scenario) error {
	key := named{filepath.Dir(absolute(s.File)), s.Name}
	other, taken := u.files[key]
	if taken && absolute(other) != absolute(s.File) {
		return nameTaken(s, other)
	}
	if u.files == nil {
		u.files = map[named]string{}
	}
	u.files[key] = s.File
	return nil
}

// nameTaken tells it at the name, or at the begin of a file whose own name it is.
func nameTaken(s *Scenario, other string) source.Problems {
	data, _ := os.ReadFile(s.File) // without it, there is no more than the place
	doc := source.Parse(s.File, data)
	line, column := 1, 1
	if doc.Root != nil {
		for _, p := range doc.Root.Pairs {
			if p.Key == "name" {
				line, column = p.Value.Line, p.Value.Column
			}
		}
	}
	doc.At(line, column, "the name %q is taken by %s: give one of them another name", s.Name, other)
	return doc.Problems()
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

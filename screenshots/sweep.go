package screenshots

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// tempAge is how old a file without a name has to be before it counts as left behind by a process that died.
const tempAge = time.Hour

// Policy says what may go. Its zero value removes nothing but what dead processes left half written.
type Policy struct {
	MaxAge   time.Duration         // since the content was last put; zero: any age
	MaxBytes int64                 // of all artifacts together; zero: any size
	Keep     func(sha string) bool // what stays, however old it is and however much there is; nil: nothing in particular
}

// Swept is what Sweep did.
type Swept struct {
	Removed, Kept           int // artifacts
	RemovedBytes, KeptBytes int64
}

// Sweep removes what is older than the policy's age, and then the oldest until all is within its size; also what was left
// half written an hour or more before now. It stops early when ctx ends. Files that are not the store's are left alone.
func (s *Store) Sweep(ctx context.Context, p Policy, now time.Time) (Swept, error) {
	if err := s.sweepTemp(now); err != nil {
		return Swept{}, fmt.Errorf("sweep %s: %w", s.dir, explain(err))
	}
	files, err := s.list(ctx)
	if err != nil {
		return Swept{}, fmt.Errorf("sweep %s: %w", s.dir, explain(err))
	}
	var swept Swept
	for _, f := range files {
		swept.Kept++
		swept.KeptBytes += f.size
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.sha, b.sha)) })
	for _, f := range files {
		old := p.MaxAge > 0 && now.Sub(f.at) > p.MaxAge
		over := p.MaxBytes > 0 && swept.KeptBytes > p.MaxBytes
		if !old && !over {
			break // the rest is younger
		}
		if p.Keep != nil && p.Keep(f.sha) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return swept, fmt.Errorf("sweep %s: %w", s.dir, err)
		}
		removed, err := s.remove(f)
		if err != nil {
			return swept, fmt.Errorf("sweep %s: %w", s.dir, explain(err))
		}
		if removed {
			swept.Kept--
			swept.KeptBytes -= f.size
			swept.Removed++
			swept.RemovedBytes += f.size
		}
	}
	return swept, nil
}

// file is one artifact as the sweep found it.
type file struct {
	sha  string
	at   time.Time
	size int64
}

// list finds every artifact.
func (s *Store) list(ctx context.Context) ([]file, error) {
	var files []file
	fan, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	for _, dir := range fan {
		if !dir.IsDir() || len(dir.Name()) != 2 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := fs.ReadDir(s.root.FS(), dir.Name())
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !validSum(e.Name()) || e.Name()[:2] != dir.Name() {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			files = append(files, file{sha: e.Name(), at: info.ModTime(), size: info.Size()})
		}
	}
	return files, nil
}

// remove deletes f, unless it was put again since it was listed.
func (s *Store) remove(f file) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fileName(f.sha)
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if info.ModTime().After(f.at) {
		return false, nil
	}
	return true, s.root.Remove(name)
}

// sweepTemp removes what was being written when its process died.
func (s *Store) sweepTemp(now time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || now.Sub(info.ModTime()) < tempAge {
			continue
		}
		if err := ignoreMissing(s.root.Remove(filepath.Join(tempDir, e.Name()))); err != nil {
			return err
		}
	}
	return nil
}

// Package screenshots keeps artifacts on disk, named by their content: put, open, sweep. It knows bytes and their media type,
// and nothing of runs, steps or browsers; who refers to what is kept elsewhere.
package screenshots

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// tempDir is the folder, inside the store's, where files are written before they get their name.
const tempDir = "tmp"

// Store is a folder of artifacts. All its methods may be called at the same time. Only one process writes to a folder.
type Store struct {
	dir  string
	root *os.Root
	// mu keeps Sweep from removing a file between the moment Put finds it and the moment Put touches its time.
	mu sync.Mutex
}

// Open opens the store in dir, and makes the folder when it is not there. Close it after use.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the screenshots folder %s: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("make the screenshots folder: %w", explain(err))
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, fmt.Errorf("open the screenshots folder: %w", explain(err))
	}
	if err := root.Mkdir(tempDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("make the screenshots folder: %w", explain(err)), root.Close())
	}
	return &Store{dir: abs, root: root}, nil
}

// Close frees the folder's handle. Files that are open stay so.
func (s *Store) Close() error { return s.root.Close() }

// Put keeps data and gives its name. The same content again is kept once, and counts as new for Sweep. A PNG or JPEG that is
// none, or has more than MaxPixels, is refused. When Put returns an error nothing was kept: there is never half a file.
func (s *Store) Put(data []byte, media string) (Ref, error) {
	width, height, err := dimensions(data, media)
	if err != nil {
		return Ref{}, fmt.Errorf("keep a %s: %w", media, err)
	}
	sum := sha256.Sum256(data)
	ref := Ref{
		SHA256: hex.EncodeToString(sum[:]), Media: media, Size: int64(len(data)), Width: width, Height: height,
	}
	name := fileName(ref.SHA256)
	if s.touch(name, ref.Size) {
		return ref, nil
	}
	if err := s.write(name, data); err != nil {
		return Ref{}, fmt.Errorf("keep a %s of %d bytes in %s: %w", media, ref.Size, s.dir, explain(err))
	}
	return ref, nil
}

// touch makes a file that is there, and whole, as young as one just written.
func (s *Store) touch(name string, size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != size {
		return false
	}
	now := time.Now()
	return s.root.Chtimes(name, now, now) == nil
}

// write puts data under name in one step: whole, or not at all.
func (s *Store) write(name string, data []byte) (err error) {
	temp := filepath.Join(tempDir, rand.Text())
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(s.root.Remove(temp)))
		}
	}()
	_, err = bytes.NewReader(data).WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.root.Mkdir(filepath.Dir(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root.Rename(temp, name)
}

// Open opens the artifact whose content has this SHA-256, given in lower case hexadecimal. The caller closes it. The error is
// fs.ErrNotExist when it is not there (swept, or never kept), and for what is no such sum.
func (s *Store) Open(sha string) (*os.File, error) {
	if !validSum(sha) {
		return nil, fmt.Errorf("open the artifact %.80q: no SHA-256 sum: %w", sha, fs.ErrNotExist)
	}
	f, err := s.root.Open(fileName(sha))
	if err != nil {
		return nil, fmt.Errorf("open the artifact: %w", err)
	}
	return f, nil
}

// Path is where the artifact's file is or would be, absolute. It is empty for a ref that names nothing.
func (s *Store) Path(ref Ref) string {
	if !validSum(ref.SHA256) {
		return ""
	}
	return filepath.Join(s.dir, fileName(ref.SHA256))
}

// fileName is the path of a valid sum's file below the store's folder.
func fileName(sha string) string { return filepath.Join(sha[:2], sha) }

func validSum(sha string) bool {
	if len(sha) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(sha) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

package screenshots_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackwalker/screenshots"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) (*screenshots.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shots")
	s, err := screenshots.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, dir
}

func put(t *testing.T, s *screenshots.Store, data, media string) screenshots.Ref {
	t.Helper()
	ref, err := s.Put([]byte(data), media)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// age makes an artifact look as if it was put at that time.
func age(t *testing.T, s *screenshots.Store, ref screenshots.Ref, at time.Time) {
	t.Helper()
	if err := os.Chtimes(s.Path(ref), at, at); err != nil {
		t.Fatal(err)
	}
}

func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutAndOpen(t *testing.T) {
	s, dir := open(t)
	data := picture(t, 30, 20)
	ref, err := s.Put(data, "image/png")
	if err != nil {
		t.Fatal(err)
	}
	if ref.Width != 30 || ref.Height != 20 || ref.Size != int64(len(data)) || ref.Media != "image/png" {
		t.Errorf("ref %+v", ref)
	}
	if want := filepath.Join(dir, ref.SHA256[:2], ref.SHA256); s.Path(ref) != want {
		t.Errorf("path %s, want %s", s.Path(ref), want)
	}
	f, err := s.Open(ref.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read back %d of %d bytes, %v", len(got), len(data), err)
	}
	again, err := s.Put(data, "image/png")
	if err != nil || again != ref {
		t.Errorf("put again: %+v, %v", again, err)
	}
	if n := files(t, dir); len(n) != 1 {
		t.Errorf("files %v, want one", n)
	}
}

func TestPutMendsWhatIsCutOff(t *testing.T) {
	s, _ := open(t)
	ref := put(t, s, "whole content", "text/html")
	if err := os.WriteFile(s.Path(ref), []byte("who"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, s, "whole content", "text/html")
	if b, err := os.ReadFile(s.Path(ref)); err != nil || string(b) != "whole content" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestPutRefusesWhatIsNoPicture(t *testing.T) {
	s, dir := open(t)
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 4)), nil); err != nil {
		t.Fatal(err)
	}
	if ref, err := s.Put(jpg.Bytes(), "image/jpeg"); err != nil || ref.Width != 8 || ref.Height != 4 {
		t.Errorf("a JPEG: %+v, %v", ref, err)
	}
	bomb := picture(t, 1, 1)
	copy(bomb[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536 × 65536
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for name, data := range map[string][]byte{"text": []byte("<html>"), "nothing": nil, "cut off": picture(t, 3, 3)[:20], "huge": bomb} {
		if _, err := s.Put(data, "image/png"); err == nil {
			t.Errorf("%s is kept as a PNG", name)
		} else if name == "huge" && !strings.Contains(err.Error(), "megapixels") {
			t.Errorf("a huge picture: %v", err)
		}
	}
	if n := files(t, dir); len(n) != 1 {
		t.Errorf("files %v, want the JPEG", n)
	}
}

func TestOpenOnlySums(t *testing.T) {
	s, dir := open(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sha := range []string{
		"", "..", "../secret", "../../etc/passwd", "a", strings.Repeat("A", 64), strings.Repeat("g", 64), strings.Repeat("a", 65),
		strings.Repeat("a", 64), "aa/../../secret" + strings.Repeat("a", 49),
	} {
		f, err := s.Open(sha)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %q: %v", sha, err)
		}
		if f != nil {
			t.Errorf("open %q gives a file", sha)
		}
	}
	// A link that leads outside is not followed.
	sha := strings.Repeat("ab", 32)
	if err := os.MkdirAll(filepath.Join(dir, "ab"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(filepath.Dir(dir), "secret"), filepath.Join(dir, "ab", sha)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(sha); err == nil {
		t.Error("a link out of the store is followed")
	}
	if got := s.Path(screenshots.Ref{SHA256: "../secret"}); got != "" {
		t.Errorf("path %s", got)
	}
}

func TestSweep(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	tests := []struct {
		name   string
		policy screenshots.Policy
		keep   []int
		want   []int // of the five, of 10 bytes each, that are 0 to 4 days old
	}{
		{"nothing asked", screenshots.Policy{}, nil, []int{0, 1, 2, 3, 4}},
		{"age", screenshots.Policy{MaxAge: 2 * day}, nil, []int{0, 1, 2}},
		{"size", screenshots.Policy{MaxBytes: 25}, nil, []int{0, 1}},
		{"exactly the size", screenshots.Policy{MaxBytes: 30}, nil, []int{0, 1, 2}},
		{"age and size", screenshots.Policy{MaxAge: 3 * day, MaxBytes: 10}, nil, []int{0}},
		{"kept, whatever its age", screenshots.Policy{MaxAge: 2 * day}, []int{4}, []int{0, 1, 2, 4}},
		{"kept counts for the size", screenshots.Policy{MaxBytes: 20}, []int{4}, []int{0, 4}},
		{"everything", screenshots.Policy{MaxAge: time.Nanosecond}, nil, []int{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := open(t)
			var refs []screenshots.Ref
			for i := range 5 {
				refs = append(refs, put(t, s, fmt.Sprintf("content %02d", i), "text/html"))
				age(t, s, refs[i], now.Add(-time.Duration(i)*day))
			}
			policy := tt.policy
			policy.Keep = func(sha string) bool {
				return slices.ContainsFunc(tt.keep, func(i int) bool { return refs[i].SHA256 == sha })
			}
			swept, err := s.Sweep(t.Context(), policy, now)
			if err != nil {
				t.Fatal(err)
			}
			var left []int
			for i, ref := range refs {
				if _, err := os.Stat(s.Path(ref)); err == nil {
					left = append(left, i)
				}
			}
			if !slices.Equal(left, tt.want) {
				t.Errorf("left %v, want %v", left, tt.want)
			}
			want := screenshots.Swept{
				Removed: 5 - len(left), Kept: len(left), RemovedBytes: int64(10 * (5 - len(left))), KeptBytes: int64(10 * len(left)),
			}
			if swept != want {
				t.Errorf("swept %+v, want %+v", swept, want)
			}
		})
	}
}

func TestSweepLeavesWhatWasPutAgain(t *testing.T) {
	s, _ := open(t)
	ref := put(t, s, "seen again and again", "text/html")
	age(t, s, ref, time.Now().Add(-48*time.Hour))
	put(t, s, "seen again and again", "text/html")
	swept, err := s.Sweep(t.Context(), screenshots.Policy{MaxAge: time.Hour}, time.Now())
	if err != nil || swept.Removed != 0 {
		t.Errorf("swept %+v, %v", swept, err)
	}
}

func TestSweepLeftoversAndStrangers(t *testing.T) {
	s, dir := open(t)
	old := time.Now().Add(-2 * time.Hour)
	write := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		return path
	}
	left := write("tmp/left-behind")
	young := write("tmp/being-written")
	now := time.Now()
	if err := os.Chtimes(young, now, now); err != nil {
		t.Fatal(err)
	}
	strangers := []string{write("README"), write("ab/notes.txt"), write("abc/" + strings.Repeat("a", 64))}
	if _, err := s.Sweep(t.Context(), screenshots.Policy{MaxAge: time.Minute, MaxBytes: 1}, now); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was left behind: %v", err)
	}
	for _, path := range append(strangers, young) {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestSweepStops(t *testing.T) {
	s, _ := open(t)
	ref := put(t, s, "x", "text/html")
	age(t, s, ref, time.Unix(0, 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sweep(ctx, screenshots.Policy{MaxAge: time.Hour}, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("nothing is read-only to root")
	}
	s, dir := open(t)
	if err := os.Chmod(filepath.Join(dir, "tmp"), 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := s.Put([]byte("x"), "text/html")
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "agent.yaml") {
		t.Errorf("error %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	// A limit on the size of files that this process writes fails a write half-way, as a full disk does.
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Skip(err)
	}
	s, dir := open(t)
	limit := was
	limit.Cur = 1000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	_, err := s.Put(bytes.Repeat([]byte("x"), 100_000), "text/html")
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("error %v", err)
	}
	if n := files(t, dir); len(n) != 0 {
		t.Errorf("left behind: %v", n)
	}
}

func TestAtTheSameTime(t *testing.T) {
	s, _ := open(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 40 {
				data := fmt.Sprintf("content %d", (worker+i)%10)
				ref, err := s.Put([]byte(data), "text/html")
				if err != nil {
					t.Error(err)
					return
				}
				f, err := s.Open(ref.SHA256)
				if errors.Is(err, fs.ErrNotExist) {
					continue // swept
				}
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(f)
				if err := errors.Join(err, f.Close()); err != nil || string(got) != data {
					t.Errorf("read %q, %v; want %q", got, err, data)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if _, err := s.Sweep(t.Context(), screenshots.Policy{MaxBytes: 20}, time.Now()); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}

func TestOpenWhereNoFolderCanBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := screenshots.Open(file); err == nil {
		t.Error("a file is taken for a folder")
	}
}

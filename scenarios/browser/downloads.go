package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// DownloadWant says what must be so of a downloaded file. The zero value of each: anything.
type DownloadWant struct {
	As      string // a glob of its name
	MinSize int64  // bytes
	SHA256  string // in hexadecimal
}

// Download clicks the one element, and waits for the file that comes of it. The file is gone when it returns.
func (p *Page) Download(ctx context.Context, l Locator, want DownloadWant) error {
	session, ok := p.session.(Downloads)
	if !ok {
		return lacks("download files")
	}
	dir, err := os.MkdirTemp("", "trackwalker-download-")
	if err != nil {
		return &Failure{Class: ClassInternal, Message: "there is no place for a download: " + err.Error(), Err: err}
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder that stays is no reason to fail a flow
	if err := session.Download(ctx, dir); err != nil {
		return p.explain(ctx, err)
	}
	defer func() {
		longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = session.Download(longer, "") // the browser may be gone, and no more downloads with it
	}()
	before, _, err := p.Where(ctx)
	if err != nil {
		return err
	}
	if err := p.point(ctx, l, Click, PointOptions{}); err != nil {
		return err
	}
	file, err := p.awaitDownload(ctx, session, before, l, want)
	if err != nil {
		return err
	}
	return want.check(file)
}

// others is how long a download of another name may be followed by the one that is wanted.
const others = 500 * time.Millisecond

func (p *Page) awaitDownload(ctx context.Context, session Downloads, before string, l Locator, want DownloadWant) (DownloadedFile, error) {
	var lastNews time.Time
	known := -1
	for {
		files := session.Downloads()
		if done := ended(files); done != known {
			known, lastNews = done, time.Now()
		}
		for _, f := range files {
			switch {
			case want.As != "" && !MatchGlob(want.As, f.Name):
			case f.Failed != "":
				return f, &Failure{Class: ClassNetwork, Message: fmt.Sprintf("the download of %q failed: %s", f.Name, f.Failed), URL: f.URL}
			case f.Done:
				return f, nil
			}
		}
		misnamed := len(files) > 0 && known == len(files)
		if misnamed && (time.Since(lastNews) > others || budget(ctx) == 0) {
			return DownloadedFile{}, &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected a download named %s, but what came is named %s", want.As, fileNames(files)), URL: files[0].URL}
		}
		if budget(ctx) == 0 || p.pause(ctx, 50*time.Millisecond) != nil {
			if errors.Is(ctx.Err(), context.Canceled) {
				return DownloadedFile{}, ctx.Err()
			}
			return DownloadedFile{}, p.unlessDead(ctx, p.noDownload(ctx, files, before, l))
		}
	}
}

// ended counts the downloads that are over, one way or the other.
func ended(files []DownloadedFile) int {
	n := 0
	for _, f := range files {
		if f.Done || f.Failed != "" {
			n++
		}
	}
	return n
}

// noDownload is the failure of a click of which no whole file came in time.
func (p *Page) noDownload(ctx context.Context, files []DownloadedFile, before string, l Locator) error {
	if len(files) > 0 {
		f := files[len(files)-1]
		return &Failure{
			Class: ClassTimeout, Message: fmt.Sprintf("the download of %q did not come to its end in time: %d bytes came", f.Name, f.Size),
			Hint: "the server is slow, or the step needs a longer timeout", URL: f.URL,
		}
	}
	failure := &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected a download, but %s began none", l)}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookInFrames)
	defer cancel()
	if now, _, err := p.Where(look); err == nil && now != before {
		failure.Message += "; it went to " + now
		failure.URL = now
	}
	return failure
}

func fileNames(files []DownloadedFile) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = fmt.Sprintf("%q", f.Name)
	}
	return strings.Join(names, ", ")
}

// check says what is not so of a file.
func (w DownloadWant) check(f DownloadedFile) error {
	wrong := func(format string, args ...any) error {
		return &Failure{Class: ClassAssertion, Message: fmt.Sprintf("expected the download %q ", f.Name) + fmt.Sprintf(format, args...), URL: f.URL}
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return &Failure{Class: ClassInternal, Message: fmt.Sprintf("the download %q cannot be read: %s", f.Name, err), Err: err}
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return &Failure{Class: ClassInternal, Message: fmt.Sprintf("the download %q cannot be read: %s", f.Name, err), Err: err}
	}
	if size < w.MinSize {
		return wrong("to have at least %d bytes, it has %d", w.MinSize, size)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); w.SHA256 != "" && !strings.EqualFold(got, w.SHA256) {
		return wrong("to have the SHA-256 %s, it has %s", strings.ToLower(w.SHA256), got)
	}
	return nil
}

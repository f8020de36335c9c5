package cdp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"

	"trackwalker/scenarios/browser"
)

// What a page may download. More is cancelled: the disk is the agent's.
const (
	maxDownloads    = 20
	maxDownloadSize = 500_000_000 // bytes of one file
)

// downloads are those that pages have begun since Download was called. They are guarded by session.mu.
type downloads struct {
	dir string // empty: none is allowed
	all []*download
}

type download struct {
	browser.DownloadedFile
	guid string
}

func (d *download) ended() bool { return d.Done || d.Failed != "" }

// Download lets pages download into a folder. What is under way from before is cancelled.
func (s *session) Download(ctx context.Context, dir string) error {
	s.mu.Lock()
	before := s.downloads.all
	s.downloads = downloads{dir: dir}
	s.mu.Unlock()
	if err := s.allowDownloads(ctx, dir); err != nil {
		return s.tab().failure(err)
	}
	for _, d := range before {
		if d.ended() { // nothing is told of it any more
			continue
		}
		// An error of the browser means that it has ended by itself.
		if err := s.cancelDownload(ctx, d.guid); err != nil && protocolError(err) == "" {
			return s.tab().failure(err)
		}
	}
	return nil
}

// Downloads gives those begun since Download was called.
func (s *session) Downloads() []browser.DownloadedFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []browser.DownloadedFile
	for _, d := range s.downloads.all {
		all = append(all, d.DownloadedFile)
	}
	return all
}

// allowDownloads tells the browser where the session's pages may download to; nowhere if dir is empty. Events are always
// asked for: the browser sends them for all sessions or for none.
func (s *session) allowDownloads(ctx context.Context, dir string) error {
	p := cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorDeny, BrowserContextID: s.context, EventsEnabled: new(true),
	}
	if dir != "" {
		p.Behavior, p.DownloadPath = cdpbrowser.SetDownloadBehaviorBehaviorAllowAndName, dir
	}
	_, err := cdp.Call(ctx, s.in.browser, cdpbrowser.SetDownloadBehavior, p)
	return err
}

func (s *session) cancelDownload(ctx context.Context, guid string) error {
	_, err := cdp.Call(ctx, s.in.browser, cdpbrowser.CancelDownload, cdpbrowser.CancelDownloadParams{GUID: guid, BrowserContextID: s.context})
	return err
}

// hearDownload gets the browser's events of downloads, on the goroutine that reads events. The first names a frame of the
// session, the others do not.
func (in *instance) hearDownload(event any) {
	in.mu.Lock()
	var sessions []*session
	for _, s := range in.sessions {
		sessions = append(sessions, s)
	}
	in.mu.Unlock()
	for _, s := range sessions {
		switch e := event.(type) {
		case *cdpbrowser.EventDownloadWillBegin:
			s.downloadBegins(e)
		case *cdpbrowser.EventDownloadProgress:
			s.downloadProgresses(e)
		}
	}
}

func (s *session) downloadBegins(e *cdpbrowser.EventDownloadWillBegin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.downloads.dir == "" || !slices.ContainsFunc(s.tabs, func(t *target) bool { return t.frames[e.FrameID] != nil }) {
		return
	}
	if len(s.downloads.all) == maxDownloads {
		s.giveUpDownload(e.GUID)
		return
	}
	s.downloads.all = append(s.downloads.all, &download{guid: e.GUID, DownloadedFile: browser.DownloadedFile{
		Name: e.SuggestedFilename, URL: cut(e.URL, consoleText), Path: filepath.Join(s.downloads.dir, e.GUID),
	}})
}

func (s *session) downloadProgresses(e *cdpbrowser.EventDownloadProgress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.downloads.all, func(d *download) bool { return d.guid == e.GUID && !d.ended() })
	if i < 0 {
		return
	}
	d := s.downloads.all[i]
	d.Size = max(d.Size, int64(e.ReceivedBytes)) // that it was cancelled comes with 0
	switch {
	case max(e.ReceivedBytes, e.TotalBytes) > maxDownloadSize:
		d.Failed = fmt.Sprintf("it is larger than the %d MB that a flow may download", maxDownloadSize/1_000_000)
		s.giveUpDownload(d.guid)
	case e.State == cdpbrowser.DownloadProgressStateCompleted:
		d.Done = true
	case e.State == cdpbrowser.DownloadProgressStateCanceled && d.Size > 0:
		d.Failed = brokeOff(int64(e.TotalBytes))
	case e.State == cdpbrowser.DownloadProgressStateCanceled:
		s.driver.spawn(func() { s.explainDownload(d, int64(e.TotalBytes)) })
	}
}

// explainDownload says how a download failed of which nothing came. The browser takes an HTTP error for a download that broke
// off, so the address is asked once more.
func (s *session) explainDownload(d *download, total int64) {
	why := brokeOff(total)
	t := s.tab()
	ctx, cancel := t.background(askLimit)
	defer cancel()
	if status := int(t.askAgain(ctx, d.URL).HTTPStatusCode); status >= http.StatusBadRequest {
		why = strings.TrimSpace(fmt.Sprintf("the server answered %d %s", status, http.StatusText(status)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Failed = why
}

// brokeOff says how a download failed, as far as the browser tells.
func brokeOff(total int64) string {
	if total > 0 {
		return fmt.Sprintf("it broke off before all of its %d bytes had come", total)
	}
	return "it broke off before its end"
}

// giveUpDownload cancels a download in the background.
func (s *session) giveUpDownload(guid string) {
	s.driver.spawn(func() {
		ctx, cancel := context.WithTimeout(s.gone, teardownLimit)
		defer cancel()
		if err := s.cancelDownload(ctx, guid); err != nil && !errors.Is(err, context.Canceled) {
			s.driver.log.Debug("a download was not cancelled", "error", err)
		}
	})
}

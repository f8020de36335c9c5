package cdp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// target is what commands go to and events come from: a tab, or a frame in a tab that the browser gives a process of its own.
type target struct {
	s       *session
	id      cdptarget.ID
	session cdptarget.SessionID
	opener  cdptarget.ID // the tab that opened this one, if it is known
	tab     *target      // that this frame is in; of a tab, itself

	gone context.Context // ends with the target or its session; the cause is a *browser.Failure or browser.ErrDocumentGone
	die  context.CancelCauseFunc

	attached chan struct{} // closed when chrome is there
	chrome   *chromedp.Target
	prepared chan struct{} // closed when start has ended
	err      error         // of start
	detach   func()        // ends what chromedp keeps of it

	// What is below is of a tab, and is guarded by session.mu.
	page    pageState
	frames  map[cdp.FrameID]*frame // all that are known, whatever their process
	removed map[cdp.FrameID]bool   // those that are no longer
	split   bool                   // frames with processes of their own become targets
}

// newTarget gives a target that the browser has attached us to, and that waits to be let begin. tab is nil for a tab. It runs
// on the goroutine that reads events.
func newTarget(s *session, tab *target, e *cdptarget.EventAttachedToTarget) *target {
	t := &target{
		s: s, id: e.TargetInfo.TargetID, session: e.SessionID, opener: e.TargetInfo.OpenerID, tab: tab,
		attached: make(chan struct{}), prepared: make(chan struct{}),
	}
	within := s.gone
	if tab != nil {
		within = tab.gone
	} else {
		t.tab = t
		t.page.frame = cdp.FrameID(t.id)
		t.frames = map[cdp.FrameID]*frame{t.page.frame: {id: t.page.frame, tab: t}}
		t.removed = map[cdp.FrameID]bool{}
	}
	t.gone, t.die = context.WithCancelCause(within)
	all, cancel := chromedp.NewContext(s.in.anchor,
		chromedp.WithTargetID(t.id),
		chromedp.WithDetachOnCancel(), // teardown disposes of the whole context at once
		chromedp.WithListener(t.hear))
	t.detach = sync.OnceFunc(cancel)
	s.in.know(t)
	s.driver.spawn(func() {
		defer close(t.prepared)
		if t.err = t.start(all); t.err != nil {
			t.err = t.failure(t.err)
			s.unprepared(t)
		}
	})
	return t
}

// start attaches to the target, prepares it, and lets it begin.
func (t *target) start(all context.Context) error {
	// The first call binds the target to its context, so that has no deadline of its own.
	timer := time.AfterFunc(openLimit, t.detach)
	err := chromedp.Do(all)
	if !timer.Stop() {
		return context.DeadlineExceeded
	}
	if err != nil {
		return err
	}
	t.chrome = chromedp.FromContext(all).Target
	close(t.attached)
	ctx, cancel := context.WithTimeout(context.Background(), openLimit)
	defer cancel()
	return t.prepare(ctx, t.s.preparation(t))
}

// prepare takes the steps and lets the target begin. The browser does what it is told in that order, so nothing of a page
// comes before what is prepared for it. Yet a page without an opener may get a process, and so somebody to answer, only when
// it is let begin: answers are awaited after that, but for those of the session's first tab, which begins with no page.
func (t *target) prepare(ctx context.Context, steps []step) error {
	transport := t.s.in.process.transport
	first := t == t.s.tab()
	var answers []chan error
	for _, f := range steps {
		answer := make(chan error, 1)
		var written <-chan struct{}
		if !first {
			written = transport.written(t.session)
		}
		go func() { answer <- f(ctx, t) }()
		select {
		case err := <-answer:
			if err != nil {
				return err
			}
		case <-written:
			answers = append(answers, answer)
		}
	}
	// The answer to this one may come only when the first document is there.
	if err := transport.resume(t.session); err != nil {
		return err
	}
	for _, answer := range answers {
		if err := <-answer; err != nil {
			return err
		}
	}
	return nil
}

// preparation gives what switches on what this package needs of a target, and applies the settings of the session to it. The
// target has not begun yet, unless it is a frame that was there before frames were asked for. Each step is one command.
func (s *session) preparation(t *target) []step {
	steps := []step{enablePage, s.addPageScript, enableRuntime, enableLog}
	if t == t.tab && s.options.IgnoreHTTPSErrors {
		steps = append(steps, ignoreCertificates)
	}
	if t == t.tab && s.in.full {
		steps = append(steps, emulateFocus)
	}
	steps = append(steps, s.emulation(t)...)
	steps = append(steps, s.network()...)
	steps = append(steps, s.interception()...)
	if t.splits() {
		steps = append(steps, splitFrames)
	}
	return steps
}

func enablePage(ctx context.Context, t *target) error {
	return do(ctx, t, page.Enable, page.EnableParams{})
}

func (s *session) addPageScript(ctx context.Context, t *target) error {
	return do(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: s.options.InitScript, WorldName: worldName, RunImmediately: new(true),
	})
}

func enableRuntime(ctx context.Context, t *target) error {
	return do(ctx, t, runtime.Enable, cdp.Empty{})
}

func enableLog(ctx context.Context, t *target) error {
	return do(ctx, t, cdplog.Enable, cdp.Empty{})
}

func ignoreCertificates(ctx context.Context, t *target) error {
	return do(ctx, t, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
}

// emulateFocus has a page behave as in front: behind a popup it would be hidden, and so without animation frames. In the
// headless shell it never is.
func emulateFocus(ctx context.Context, t *target) error {
	return do(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
}

// hear gets the events of a target, in order, on the goroutine that reads them. It must not wait, and must not send a
// command: the answer would come to this goroutine.
func (t *target) hear(event any) {
	s := t.s
	s.requests.hear(t.tab.id, t.id, event, time.Now())
	switch e := event.(type) {
	case *inspector.EventTargetCrashed:
		s.crashed(t)
	case *cdptarget.EventTargetCrashed:
		s.in.hear(e) // of a frame
	case *cdptarget.EventAttachedToTarget:
		s.frameOpened(t, e)
	case *page.EventJavascriptDialogOpening:
		s.dialogOpened(t, e)
	case *page.EventJavascriptDialogClosed:
		s.dialogClosed(t, e)
	case *fetch.EventRequestPaused:
		s.driver.spawn(func() { s.answerRequest(t, e) })
	case *fetch.EventAuthRequired:
		s.driver.spawn(func() { s.answerChallenge(t, e) })
	case *cdplog.EventEntryAdded:
		t.hearLog(e.Entry)
		s.hearConsole(t, event)
	case *runtime.EventConsoleAPICalled, *runtime.EventExceptionThrown:
		s.hearConsole(t, event)
	default:
		t.track(event)
	}
}

// call sends a command to a target and waits for the answer, for ctx, or for the end of the target.
func call[P, R any](ctx context.Context, t *target, c cdp.Command[P, R], params P) (R, error) {
	var r R
	select {
	case <-t.attached:
	case <-t.gone.Done():
	case <-ctx.Done():
		return r, ctx.Err()
	}
	if t.gone.Err() != nil {
		return r, context.Cause(t.gone)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.gone, cancel)()
	r, err := cdp.Call(ctx, t.chrome, c, params)
	if err != nil {
		return r, t.failure(err)
	}
	return r, nil
}

// do is call without a result.
func do[P, R any](ctx context.Context, t *target, c cdp.Command[P, R], params P) error {
	_, err := call(ctx, t, c, params)
	return err
}

// failure turns the error of a command into the reason why there is no target any more, if that is so.
func (t *target) failure(err error) error {
	select {
	case <-t.s.in.browser.LostConnection:
		<-t.gone.Done() // at once: the browser's watcher sees the same
	default:
	}
	if errors.Is(err, chromedp.ErrTargetDetached) {
		t.s.ended(t)
	}
	if t.gone.Err() != nil {
		return context.Cause(t.gone)
	}
	return err
}

// wait waits until cond, which is called with session.mu held, says true.
func (t *target) wait(ctx context.Context, cond func() bool) error {
	for {
		if t.gone.Err() != nil {
			return context.Cause(t.gone)
		}
		t.s.mu.Lock()
		ok, changed := cond(), t.s.changed
		t.s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-t.gone.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unless runs f, and gives it up with cause a moment after cond, which is called with session.mu held, says that there will
// be no answer. The answer may be on its way when that is seen, and then it counts.
func (t *target) unless(ctx context.Context, cond func() bool, cause error, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if t.wait(ctx, cond) != nil {
			return
		}
		select {
		case <-time.After(answerGrace):
			cancel(cause)
		case <-ctx.Done():
		}
	}()
	err := f(ctx)
	if err != nil && errors.Is(context.Cause(ctx), cause) {
		return cause
	}
	return err
}

// background gives a context for a command whose caller has left or must not wait: it ends with the target, and soon.
func (t *target) background(limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.gone, limit)
}

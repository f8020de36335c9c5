package browsertest

import (
	"context"
	"fmt"
	"strings"

	"trackwalker/scenarios/browser"
)

func tap(what any) step { return point(browser.Tap, what, browser.PointOptions{}) }

// scrollTo scrolls the page, or what is named, to an edge; scrollBy by pixels; scrollInto something into view.
func scrollTo(edge string, scope ...any) step {
	return scrolls(edge, browser.ScrollTo{Edge: edge}, scope...)
}

func scrollBy(pixels float64, scope ...any) step {
	return scrolls(fmt.Sprint("by ", pixels), browser.ScrollTo{By: &pixels}, scope...)
}

func scrollInto(what any) step {
	l := named(what)
	return scrolls(l.String(), browser.ScrollTo{To: &l})
}

func scrolls(said string, to browser.ScrollTo, scope ...any) step {
	var s browser.Scope
	for _, what := range scope {
		l := named(what)
		s = s.Inside(l.Frames, &l)
		said += " in " + l.String()
	}
	return pageStep("scroll: "+said, func(ctx context.Context, p *browser.Page) error { return p.Scroll(ctx, s, to) })
}

// plan says how the next dialog is answered, and what it must say, if anything.
func plan(a browser.DialogAnswer, message string) step {
	said := "dismiss"
	if a.Accept {
		said = "accept " + a.Text
	}
	return pageStep(fmt.Sprintf("dialog: %s %q", said, message), func(_ context.Context, p *browser.Page) error {
		if message == "" {
			return p.PlanDialog(a, nil)
		}
		return p.PlanDialog(a, &message)
	})
}

// planned wants dialogs to have been as planned, and so many plans to be left.
func planned(left int) step {
	return pageStep("the dialogs were as planned", func(_ context.Context, p *browser.Page) error {
		if err := p.CheckDialogs(); err != nil {
			return err
		}
		if got := p.UnusedPlans(); got != left {
			return fmt.Errorf("%d plans are left, want %d", got, left)
		}
		return nil
	})
}

func tab(c browser.TabChoice) step {
	return pageStep("tab: "+c.String(), func(ctx context.Context, p *browser.Page) error { return p.SwitchTab(ctx, c) })
}

func tabAt(position string) step  { return tab(browser.TabChoice{Position: position}) }
func tabCalled(title string) step { return tab(browser.TabChoice{Title: title}) }
func tabWithURL(glob string) step { return tab(browser.TabChoice{URL: glob}) }
func closeTab() step {
	return pageStep("tab: close", func(ctx context.Context, p *browser.Page) error { return p.CloseTab(ctx) })
}

func download(what any, want browser.DownloadWant) step {
	l := named(what)
	said := "download: " + l.String()
	if want.As != "" {
		said += " as " + want.As
	}
	if want.MinSize > 0 {
		said += fmt.Sprint(" min_size ", want.MinSize)
	}
	if want.SHA256 != "" {
		said += " sha256 " + want.SHA256
	}
	return pageStep(said, func(ctx context.Context, p *browser.Page) error { return p.Download(ctx, l, want) })
}

func setCookies(cookies ...browser.Cookie) step {
	names := make([]string, len(cookies))
	for i, c := range cookies {
		names[i] = c.Name
	}
	return pageStep("cookies: set "+strings.Join(names, ", "), func(ctx context.Context, p *browser.Page) error { return p.SetCookies(ctx, cookies) })
}

func clearCookies() step {
	return pageStep("cookies: clear", func(ctx context.Context, p *browser.Page) error { return p.ClearCookies(ctx) })
}

func mock(r browser.InterceptRule) step {
	said := "mock: " + r.URL
	if r.Abort {
		said += " abort"
	}
	if r.Status != 0 {
		said += fmt.Sprint(" status ", r.Status)
	}
	return pageStep(said, func(ctx context.Context, p *browser.Page) error { return p.Intercept(ctx, r) })
}

func awaitRequest(w browser.RequestWant) step {
	said := "wait: request "
	if w.Response {
		said = "wait: response "
	}
	said += w.URL
	if w.Status != 0 {
		said += fmt.Sprint(" status ", w.Status)
	}
	return pageStep(said, func(ctx context.Context, p *browser.Page) error { return p.WaitRequest(ctx, w) })
}

func awaitLoad(s browser.LoadState) step {
	return pageStep("wait: load "+string(s), func(ctx context.Context, p *browser.Page) error { return p.WaitLoad(ctx, s) })
}

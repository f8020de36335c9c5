package runner_test

import (
	"bytes"
	"context"
	"image/png"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"trackwalker/scenarios"
	"trackwalker/scenarios/browser"
	"trackwalker/scenarios/browser/browsertest"
	"trackwalker/scenarios/browser/cdp"
	"trackwalker/scenarios/runner"
)

// pages are a site with a form, and with what goes wrong.
func pages() map[string]string {
	return map[string]string{
		"/signup": `<h1>Sign up</h1><form method="post" action="/post">
<label>Email * <input name="email" type="email"></label><label>Password <input name="password" type="password"></label>
<label>Country <select name="country"><option value="">Choose</option><option value="de">Germany</option></select></label>
<label><input type="checkbox" name="news" value="1"> News</label><button>Create account</button></form>`,
		"/spin":    `<button onclick="while (true);">Spin</button>`,
		"/console": `<script>console.error('cart is broken')</script><p>Welcome</p>`,
		"/banner":  `<div id="cookie-banner" style="position:fixed;inset:0;background:#ccc"><button onclick="this.parentElement.remove()">Accept all</button></div><button onclick="this.textContent = 'Paid'">Pay</button>`,
	}
}

// TestInBrowser plays whole files in a real browser.
func TestInBrowser(t *testing.T) {
	t.Setenv("FLOW_SECRET", "tr0ub4dor&3")
	driver := cdp.New(cdp.Config{ProfileDir: t.TempDir()})
	site := httptest.NewServer(browsertest.Site(pages()))
	t.Cleanup(func() {
		site.CloseClientConnections()
		site.Close()
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	r := runner.Runner{Driver: driver, Browser: "chromium", Log: slog.New(slog.DiscardHandler)}
	run := func(t *testing.T, yaml string) *scenarios.Run {
		t.Helper()
		return r.Run(context.Background(), load(t, "vars: {base: "+site.URL+"}\n"+strings.TrimSpace(yaml)+"\n"), runner.Options{})
	}

	t.Run("passes", func(t *testing.T) {
		got := run(t, `
secrets: {password: {env: FLOW_SECRET}}
steps:
  - goto: ${base}/signup
  - click: Accept all
    when: {css: "#cookie-banner"}
  - form:
      Email: ops+${run.attempt}@shop.example
      Password: ${password}
      Country: Germany
      News: true
  - expect: {label: Email, value: ops+1@shop.example}
  - screenshot: {name: form, of: {role: form}, mask: [{label: Email}]}
    optional: true
  - screenshot: form
  - click: Create account
  - expect: {text: received, contains: country=de}
  - expect: {url: /post, status: 200, title: received, console: clean}
  - save: {as: all, css: p, pattern: "email=([^&]+)"}
  - script: {run: "if (!document.body.textContent.includes(args.email)) throw new Error('other')", args: {email: "${all}"}}
  - back
  - expect: Sign up
finally:
  - goto: ${base}/page/bye
`)
		if got.Outcome != scenarios.Passed || got.Saved["all"] != "ops%2B1%40shop.example" || got.Steps[1].Outcome != scenarios.Skipped {
			t.Fatalf("%s: %+v, saved %v", outcomes(got), got.Failure, got.Saved)
		}
		if got.Timings.TTFB == nil || got.Timings.Load == nil || !strings.Contains(artifacts(got), "form@6") {
			t.Errorf("timings %+v, artifacts %s", got.Timings, artifacts(got))
		}
		wantRedacted(t, got, "tr0ub4dor&3")
	})
	t.Run("fails", func(t *testing.T) {
		got := run(t, `
retries: 1
steps:
  - goto: ${base}/banner
  - click: Pay
    timeout: 700ms
  - expect: Paid
finally:
  - click: Accept all
  - click: Pay
  - expect: Paid
`)
		want(t, got, scenarios.Failed, 2, "passed failed skipped passed passed passed")
		wantFailure(t, got, browser.ClassNotActionable, 2, "is covered by #cookie-banner")
		if artifacts(got) != "failure@2" {
			t.Fatalf("the evidence is %s", artifacts(got))
		}
		picture, err := png.Decode(bytes.NewReader(got.Artifacts[0].Data))
		if err != nil || picture.Bounds().Dx() != 1280 || picture.Bounds().Dy() != 800 {
			t.Errorf("the picture is %v, %v", picture, err)
		}
	})
	t.Run("never ends", func(t *testing.T) {
		started := time.Now()
		got := run(t, `
retries: 0
steps:
  - goto: ${base}/spin
  - click: Spin
    timeout: 1s
  - expect: Done
finally:
  - goto: ${base}/page/bye
  - expect: bye
`)
		want(t, got, scenarios.Failed, 1, "passed failed skipped passed passed")
		wantFailure(t, got, browser.ClassTimeout, 2, "did not answer")
		if artifacts(got) != "failure@2" {
			t.Errorf("after %s the evidence is %s, the warnings %q", time.Since(started), artifacts(got), got.Warnings)
		}
	})
	t.Run("console", func(t *testing.T) {
		got := run(t, "retries: 0\nsteps:\n  - goto: ${base}/console\n  - expect: {text: Welcome, console: clean}\n")
		wantFailure(t, got, browser.ClassAssertion, 2, "cart is broken")
		if !slices.ContainsFunc(got.Console, func(m browser.ConsoleMessage) bool { return m.Level == "error" && m.Text == "cart is broken" }) {
			t.Errorf("the console is %v", got.Console)
		}
	})
}

package slack_test

import (
	"context"
	"strings"
	"testing"

	"trackwalker/reporters"
	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/slack"
)

func newWebhook(t *testing.T, h *reportertest.Hook) *slack.Webhook {
	t.Helper()
	w, err := slack.NewWebhook(slack.WebhookConfig{URL: h.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWebhook(t *testing.T) {
	reportertest.Run(t, reportertest.Target{
		Open: func(t *testing.T) (reportertest.Place, func() reporters.Reporter) {
			h := reportertest.NewSlackHook(t)
			return h, func() reporters.Reporter { return newWebhook(t, h) }
		},
		Forbidden: reportertest.Fault{Status: 404},
	})
}

func TestWebhookRefusesBlocks(t *testing.T) {
	h := reportertest.NewSlackHook(t)
	h.Script(func(r reportertest.Request) reportertest.Fault {
		if strings.Contains(string(r.Body), `"blocks"`) {
			return reportertest.Fault{Status: 400}
		}
		return reportertest.Fault{}
	})
	n := reportertest.Opened("i1")
	if _, err := newWebhook(t, h).Report(context.Background(), n, nil); err != nil {
		t.Fatal(err)
	}
	if said := h.Said(); len(said) != 1 || said[0].Text != n.Summary() || said[0].Body != "" {
		t.Errorf("people see %+v", said)
	}
}

func TestWebhookURLStaysSecret(t *testing.T) {
	h := reportertest.NewSlackHook(t)
	h.Script(func(reportertest.Request) reportertest.Fault { return reportertest.Fault{Lose: true} })
	_, err := newWebhook(t, h).Report(context.Background(), reportertest.Opened("i1"), nil)
	if err == nil || strings.Contains(err.Error(), "/services/") {
		t.Errorf("got %v", err)
	}
	for _, url := range []string{"", "hooks.slack.com/services/T/B/secret", "ftp://secret", "https://%zz/secret", "https:///secret"} {
		if _, err := slack.NewWebhook(slack.WebhookConfig{URL: url}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

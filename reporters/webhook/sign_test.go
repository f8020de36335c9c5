package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"trackwalker/reporters/reportertest"
	"trackwalker/reporters/webhook"
)

// verify is what the documentation tells a receiver to do.
func verify(key []byte, h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(h.Get("Webhook-Signature")))
}

func TestSignature(t *testing.T) {
	for secret, key := range map[string]string{
		"a plain secret of some length":          "a plain secret of some length",
		"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD": "\x0b\x61\x55\xb0\x14\x08\x86\xbb\x1c\x0a\x19\x50\x20\xc5\x7e\x6f\x9b\x12\x62\xca\x68\x6f\xba\x03",
		"":                                       "",
	} {
		h := reportertest.NewHook(t)
		r, err := webhook.New(webhook.Config{URL: h.URL(), Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Report(context.Background(), notice(), nil); err != nil {
			t.Fatal(err)
		}
		post := h.Posts()[0]
		if secret == "" {
			if post.Header.Get("Webhook-Signature") != "" || post.Header.Get("Webhook-Timestamp") != "" {
				t.Errorf("signed without a secret: %v", post.Header)
			}
			continue
		}
		if !verify([]byte(key), post.Header, post.Body) {
			t.Errorf("%q: the signature is wrong: %v", secret, post.Header)
		}
		if verify([]byte(key), post.Header, append(post.Body, ' ')) || verify([]byte("another"), post.Header, post.Body) {
			t.Errorf("%q: the signature holds for what was not signed", secret)
		}
		at, err := strconv.ParseInt(post.Header.Get("Webhook-Timestamp"), 10, 64)
		if age := time.Since(time.Unix(at, 0)); err != nil || age < 0 || age > time.Minute {
			t.Errorf("signed %s ago, %v", age, err)
		}
		if post.Header.Get("Webhook-Id") != post.Header.Get("Idempotency-Key") {
			t.Errorf("two names of one message: %v", post.Header)
		}
	}
}

func TestSecretThatIsNoBase64(t *testing.T) {
	_, err := webhook.New(webhook.Config{URL: "http://127.0.0.1:1", Secret: "whsec_hunter2!"})
	if err == nil || !strings.Contains(err.Error(), "base64") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// TestTheAnswerShowsNoSecret: an endpoint that repeats what it was asked tells no secret.
func TestTheAnswerShowsNoSecret(t *testing.T) {
	h := reportertest.NewHook(t)
	h.Script(func(r reportertest.Request) reportertest.Fault {
		return reportertest.Fault{Status: http.StatusNotFound, Body: "Cannot POST /services/T0/B0/hook signed by a-secret"}
	})
	r, err := webhook.New(webhook.Config{URL: h.URL(), Secret: "a-secret"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Report(context.Background(), notice(), nil)
	if err == nil || strings.Contains(err.Error(), "/services/") || strings.Contains(err.Error(), "a-secret") || !strings.Contains(err.Error(), "Cannot POST") {
		t.Errorf("got %v", err)
	}
}

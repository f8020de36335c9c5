package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// signingKey gives the key that a secret stands for: one that begins with whsec_ is base64, any other is the key itself.
func signingKey(secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	text, encoded := strings.CutPrefix(secret, "whsec_")
	if !encoded {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) == 0 {
		return nil, errors.New("webhook: the secret begins with whsec_, and what follows is no base64")
	}
	return key, nil
}

// sign adds the headers of the Standard Webhooks specification (standardwebhooks.com): id.timestamp.body, signed by
// HMAC-SHA256. Each attempt is signed anew, so that a receiver can refuse what is old.
func sign(h http.Header, key []byte, id string, now time.Time, body []byte) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", timestamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

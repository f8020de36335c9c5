package reportertest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// Hook is an endpoint that takes JSON with a field "text", as chat systems do: every request is a message.
type Hook struct {
	gate
	slack bool

	mu    sync.Mutex
	posts []Post
}

// Post is one message that a Hook took.
type Post struct {
	Header http.Header
	Body   []byte
	Said   Said
}

// NewHook opens a Hook that ends with the test.
func NewHook(t testing.TB) *Hook { return newHook(t, false) }

// NewSlackHook opens a Hook that reads its messages as Slack does, and is as strict about blocks.
func NewSlackHook(t testing.TB) *Hook { return newHook(t, true) }

func newHook(t testing.TB, slack bool) *Hook {
	h := &Hook{slack: slack}
	h.open(t, http.HandlerFunc(h.serve))
	return h
}

// URL is where to post.
func (h *Hook) URL() string { return h.server.URL + "/services/T0/B0/hook" }

// Posts gives the messages, the oldest first.
func (h *Hook) Posts() []Post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts)
}

// Said gives what people see, the oldest first.
func (h *Hook) Said() []Said {
	var all []Said
	for _, p := range h.Posts() {
		all = append(all, p.Said)
	}
	return all
}

func (h *Hook) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var m struct {
		Text   string          `json:"text"`
		Parse  string          `json:"parse"`
		Blocks json.RawMessage `json:"blocks"`
	}
	if r.Method != http.MethodPost || json.Unmarshal(body, &m) != nil || m.Text == "" {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	said := Said{Text: m.Text, Pings: pings(m.Text, true)}
	if h.slack {
		var err error
		if said, err = Read(m.Text, m.Blocks); err != nil {
			http.Error(w, "invalid_blocks", http.StatusBadRequest)
			return
		}
		said.Pings = said.Pings || pings(m.Text, m.Parse != "none")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posts = append(h.posts, Post{Header: r.Header.Clone(), Body: body, Said: said})
	_, _ = io.WriteString(w, "ok")
}

package reportertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Teams is a fake of a workflow's webhook: every request is a card. It is strict about cards, and takes no text in an
// element that reads Markdown.
type Teams struct {
	gate

	mu    sync.Mutex
	cards []Said
}

// NewTeams opens one that ends with the test.
func NewTeams(t testing.TB) *Teams {
	s := &Teams{}
	s.open(t, http.HandlerFunc(s.serve))
	return s
}

// URL is where to post: the last part of its query is a secret.
func (s *Teams) URL() string {
	return s.server.URL + "/workflows/0193/triggers/manual/paths/invoke?api-version=2016-06-01&sig=" + s.Secret()
}

// Secret is what must show nowhere.
func (s *Teams) Secret() string { return "aVerySecretSignatureOfTheWorkflow" }

// Said gives the cards that people see, the oldest first.
func (s *Teams) Said() []Said {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Said(nil), s.cards...)
}

// cardPart is an element of an Adaptive Card.
type cardPart struct {
	Type    string
	Text    string
	Style   string
	Items   []cardPart
	Inlines []cardPart
}

func (s *Teams) serve(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version, FallbackText string
				Body                        []cardPart
				Actions                     []struct{ Type, Title, URL string }
				MSTeams                     struct{ Entities []any }
			}
		}
	}
	err := json.NewDecoder(r.Body).Decode(&m)
	switch {
	case r.URL.Query().Get("sig") != s.Secret():
		http.Error(w, "DirectApiAuthorizationRequired", http.StatusUnauthorized)
		return
	case r.ContentLength > 28*1024:
		http.Error(w, "the card is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil || m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive":
		http.Error(w, "no message with a card", http.StatusBadRequest)
		return
	}
	c := m.Attachments[0].Content
	said := Said{Text: unescapeMarkdown(c.FallbackText), Pings: len(c.MSTeams.Entities) > 0}
	lines, problem := readCard(c.Body)
	for _, a := range c.Actions {
		if a.Type != "Action.OpenUrl" || !strings.HasPrefix(a.URL, "http") {
			problem = "an action that makes no sense"
		}
		lines = append(lines, a.Title+" "+a.URL)
	}
	if problem != "" || c.Type != "AdaptiveCard" || c.Version != "1.4" {
		http.Error(w, "bad card: "+problem, http.StatusBadRequest)
		return
	}
	said.Body = strings.Join(lines, "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards = append(s.cards, said)
	w.WriteHeader(http.StatusAccepted)
}

func readCard(parts []cardPart) (lines []string, problem string) {
	for _, p := range parts {
		switch {
		case p.Type == "Container" && len(p.Items) > 0:
			inner, problem := readCard(p.Items)
			if problem != "" {
				return nil, problem
			}
			lines = append(lines, inner...)
		case p.Type == "RichTextBlock" && len(p.Inlines) > 0:
			var b strings.Builder
			for _, run := range p.Inlines {
				if run.Type != "TextRun" || run.Text == "" {
					return nil, fmt.Sprintf("a %q of text %q in a line", run.Type, run.Text)
				}
				b.WriteString(run.Text)
			}
			lines = append(lines, b.String())
		default:
			return nil, fmt.Sprintf("an element %q that is empty or reads Markdown", p.Type)
		}
	}
	return lines, ""
}

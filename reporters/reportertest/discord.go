package reportertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// Discord is a fake of a channel's webhook: what is posted and changed is kept as people would see it, and it is as strict as
// Discord about lengths and attachments. A message without an embed counts as a reply to the one before.
type Discord struct {
	gate

	mu       sync.Mutex
	messages []*discordMessage
	last     int
	refuse   bool
}

type discordMessage struct {
	id     string
	said   Said
	pieces []piece
	edits  int
}

// piece is an attachment of a message.
type piece struct{ id, name, data string }

// discordPost is a message as Discord reads it.
type discordPost struct {
	Content string `json:"content"`
	Embeds  []struct {
		Title       string `json:"title"`
		URL         string `json:"url"`
		Description string `json:"description"`
		Color       int    `json:"color"`
		Timestamp   string `json:"timestamp"`
		Fields      []struct {
			Name   string `json:"name"`
			Value  string `json:"value"`
			Inline bool   `json:"inline"`
		} `json:"fields"`
		Image  *struct{ URL string }  `json:"image"`
		Footer *struct{ Text string } `json:"footer"`
	} `json:"embeds"`
	Attachments []struct {
		ID          json.RawMessage `json:"id"`
		Filename    string          `json:"filename"`
		Description string          `json:"description"`
	} `json:"attachments"`
	Mentions *struct {
		Parse []string `json:"parse"`
	} `json:"allowed_mentions"`
}

// NewDiscord opens one that ends with the test.
func NewDiscord(t testing.TB) *Discord {
	d := &Discord{}
	d.open(t, http.HandlerFunc(d.serve))
	return d
}

// Secret is what must show nowhere.
func (d *Discord) Secret() string { return "tokenOfTheWebhookThatIsVerySecret" }

// URL is where to post.
func (d *Discord) URL() string { return d.server.URL + "/api/webhooks/1042/" + d.Secret() }

// Said gives what people see, the oldest first.
func (d *Discord) Said() []Said {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Said
	for _, m := range d.messages {
		s := m.said
		s.Replies = append([]string(nil), s.Replies...)
		all = append(all, s)
	}
	return all
}

// Delete lets a person delete all messages.
func (d *Discord) Delete() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages = nil
}

// RefuseEmbeds makes it find something wrong with every embed.
func (d *Discord) RefuseEmbeds() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = true
}

func (d *Discord) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hook := "/api/webhooks/1042/" + d.Secret()
	switch id, changes := strings.CutPrefix(r.URL.Path, hook+"/messages/"); {
	case r.URL.Path == hook && r.Method == http.MethodGet:
		answer(w, map[string]any{"name": "Trackwalker", "id": "1042"})
	case r.URL.Path == hook && r.Method == http.MethodPost && r.URL.Query().Get("wait") == "true":
		d.create(w, r)
	case changes && r.Method == http.MethodPatch:
		d.change(w, r, id)
	default:
		discordError(w, http.StatusNotFound, 10015, "Unknown Webhook")
	}
}

func discordError(w http.ResponseWriter, status, code int, problem string) {
	w.WriteHeader(status)
	answer(w, map[string]any{"code": code, "message": problem})
}

func (d *Discord) create(w http.ResponseWriter, r *http.Request) {
	post, files, problem := d.read(r)
	if problem != "" {
		discordError(w, http.StatusBadRequest, 50035, "Invalid Form Body: "+problem)
		return
	}
	d.last++
	m := &discordMessage{id: strconv.Itoa(9000 + d.last)}
	if problem := m.show(post, files); problem != "" {
		discordError(w, http.StatusBadRequest, 50035, "Invalid Form Body: "+problem)
		return
	}
	if len(post.Embeds) == 0 && len(d.messages) > 0 && strings.HasPrefix(post.Content, "✅") {
		before := d.messages[len(d.messages)-1]
		before.said.Replies = append(before.said.Replies, m.said.Text)
		before.said.Pings = before.said.Pings || m.said.Pings
	} else {
		d.messages = append(d.messages, m)
	}
	m.answer(w)
}

func (d *Discord) change(w http.ResponseWriter, r *http.Request, id string) {
	for _, m := range d.messages {
		if m.id != id {
			continue
		}
		post, files, problem := d.read(r)
		if problem == "" {
			problem = m.show(post, files)
		}
		if problem != "" {
			discordError(w, http.StatusBadRequest, 50035, "Invalid Form Body: "+problem)
			return
		}
		m.edits++
		m.answer(w)
		return
	}
	discordError(w, http.StatusNotFound, 10008, "Unknown Message")
}

func (m *discordMessage) answer(w http.ResponseWriter) {
	attachments := []map[string]any{}
	for _, p := range m.pieces {
		attachments = append(attachments, map[string]any{"id": p.id, "filename": p.name})
	}
	answer(w, map[string]any{"id": m.id, "attachments": attachments})
}

// read takes a request apart, and says what is wrong with it.
func (d *Discord) read(r *http.Request) (post discordPost, files map[string]piece, problem string) {
	var payload io.Reader = r.Body
	files = map[string]piece{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if err := r.ParseMultipartForm(32 << 20); err != nil {
			return post, nil, err.Error()
		}
		payload = strings.NewReader(r.FormValue("payload_json"))
		for key, headers := range r.MultipartForm.File {
			f, err := headers[0].Open()
			if err != nil {
				return post, nil, err.Error()
			}
			data, _ := io.ReadAll(f)
			f.Close()
			files[strings.TrimSuffix(strings.TrimPrefix(key, "files["), "]")] = piece{name: headers[0].Filename, data: string(data)}
		}
	}
	decoder := json.NewDecoder(payload)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&post); err != nil {
		return post, nil, err.Error()
	}
	if d.refuse && len(post.Embeds) > 0 {
		return post, nil, "embeds[0]: something is wrong"
	}
	return post, files, post.problem()
}

func (p discordPost) problem() string {
	if p.Content == "" && len(p.Embeds) == 0 {
		return "Cannot send an empty message"
	}
	if utf8.RuneCountInString(p.Content) > 2000 {
		return "content is longer than 2000"
	}
	total := 0
	for _, e := range p.Embeds {
		texts := map[string]int{e.Title: 256, e.Description: 4096}
		if e.Footer != nil {
			texts[e.Footer.Text] = 2048
		}
		if len(e.Fields) > 25 {
			return "more than 25 fields"
		}
		for _, f := range e.Fields {
			if f.Name == "" || f.Value == "" {
				return "an empty field"
			}
			texts[f.Name], texts[f.Value] = 256, 1024
		}
		for text, limit := range texts {
			n := utf8.RuneCountInString(text)
			if total += n; n > limit {
				return fmt.Sprintf("%d characters, not up to %d", n, limit)
			}
		}
	}
	if total > 6000 {
		return "the embeds have more than 6000 characters"
	}
	return ""
}

// show makes the message look as the post says.
func (m *discordMessage) show(p discordPost, files map[string]piece) (problem string) {
	var kept []piece
	for _, a := range p.Attachments {
		var old string
		if json.Unmarshal(a.ID, &old) != nil { // a number: it comes with the post
			f, found := files[string(a.ID)]
			if !found || f.name != a.Filename {
				return "an attachment without its file"
			}
			f.id = "77" + m.id
			kept = append(kept, f)
			continue
		}
		for _, have := range m.pieces {
			if have.id == old {
				kept = append(kept, have)
			}
		}
	}
	text := []string{p.Content}
	pictures := 0
	for _, e := range p.Embeds {
		text = append(text, e.Title, e.Description, e.URL)
		for _, f := range e.Fields {
			text = append(text, f.Name+": "+f.Value)
		}
		if e.Footer != nil {
			text = append(text, e.Footer.Text)
		}
		for _, f := range kept {
			if e.Image != nil && e.Image.URL == "attachment://"+f.name && f.data != "" {
				pictures++
			}
		}
		if e.Image != nil && pictures == 0 {
			return "an image that is not attached"
		}
	}
	m.pieces = kept
	shown := p.Content
	if len(p.Embeds) > 0 {
		shown = p.Embeds[0].Title
	}
	body := strings.Join(text, "\n")
	called := p.Mentions == nil || p.Mentions.Parse == nil || len(p.Mentions.Parse) > 0
	m.said = Said{
		Text: unescapeMarkdown(shown), Body: unescapeMarkdown(body), Pictures: pictures, Replies: m.said.Replies,
		Pings: called && pings(body, true),
	}
	return ""
}

// unescapeMarkdown is Markdown as people read it, as far as escapes go.
func unescapeMarkdown(s string) string {
	return regexp.MustCompile(`\\([^0-9A-Za-z\s])`).ReplaceAllString(s, "$1")
}

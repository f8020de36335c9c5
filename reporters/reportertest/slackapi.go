package reportertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// refusal is an answer with ok:false.
type refusal struct {
	code     string
	needed   string
	messages []string
}

func (r *refusal) Error() string { return r.code }

func refuse(code string) error { return &refusal{code: code} }

type reply map[string]any

func (s *Slack) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := strings.CutPrefix(r.URL.Path, "/upload/"); ok {
		s.upload(w, r, id)
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.scopes, ","))
	_ = r.ParseForm()
	out, err := reply(nil), refuse("invalid_auth")
	if r.Form.Get("token") == s.Token() {
		out, err = s.call(strings.TrimPrefix(r.URL.Path, "/api/"), r)
	}
	if err != nil {
		no := err.(*refusal)
		out = reply{"ok": false, "error": no.code, "response_metadata": reply{"messages": no.messages}}
		if no.needed != "" {
			out["needed"], out["provided"] = no.needed, strings.Join(s.scopes, ",")
		}
		answer(w, out)
		return
	}
	out["ok"] = true
	answer(w, out)
}

func (s *Slack) call(method string, r *http.Request) (reply, error) {
	switch method {
	case "auth.test":
		return reply{"team": "Shop", "team_id": "T0", "user": "trackwalker", "user_id": "U0BOT", "bot_id": "B0BOT"}, nil
	case "chat.postMessage":
		return s.post(r)
	case "chat.update":
		return s.update(r)
	case "conversations.history":
		return s.history(r)
	case "conversations.replies":
		return s.replies(r)
	case "conversations.info":
		return s.info(r)
	case "conversations.list":
		return s.list(r)
	case "files.getUploadURLExternal":
		return s.uploadURL(r)
	case "files.completeUploadExternal":
		return s.completeUpload(r)
	case "files.info":
		return s.fileInfo(r)
	}
	return nil, refuse("unknown_method")
}

// may wants one scope.
func (s *Slack) may(scope string) error {
	if !slices.Contains(s.scopes, scope) {
		return &refusal{code: "missing_scope", needed: scope}
	}
	return nil
}

// enter gives a channel that the bot may write to.
func (s *Slack) enter(name string, byName bool) (*channel, error) {
	if err := s.may("chat:write"); err != nil {
		return nil, err
	}
	c := s.find(name)
	switch {
	case c == nil, c.Private && c.Foreign, !byName && c.ID != name:
		return nil, refuse("channel_not_found")
	case c.Foreign:
		return nil, refuse("not_in_channel")
	case c.Archived:
		return nil, refuse("is_archived")
	}
	return c, nil
}

// read gives a channel whose history the bot may read.
func (s *Slack) read(id string) (*channel, error) {
	c := s.find(id)
	if c == nil || c.ID != id || c.Private && c.Foreign {
		return nil, refuse("channel_not_found")
	}
	kind := "channels"
	if c.Private {
		kind = "groups"
	}
	if err := s.may(kind + ":history"); err != nil {
		return nil, err
	}
	if c.Foreign {
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// compose reads a message as it was sent.
func (s *Slack) compose(r *http.Request) (Message, error) {
	text, raw := r.Form.Get("text"), json.RawMessage(r.Form.Get("blocks"))
	if text == "" {
		return Message{}, refuse("no_text") // Slack takes blocks alone; nobody hears of them on a lock screen
	}
	seen, problem := look(raw, func(id string) *picture {
		if p := s.file(id); p != nil && p.complete && p.processed() {
			return p
		}
		return nil
	})
	if problem != "" {
		return Message{}, &refusal{code: "invalid_blocks", messages: []string{problem}}
	}
	m := Message{
		Text: visible(text), Body: seen.text, Images: seen.images, Blocks: raw,
		Pings: seen.pings || pings(text, r.Form.Get("parse") != "none"),
	}
	if meta := r.Form.Get("metadata"); meta != "" {
		var parsed struct {
			EventType    string         `json:"event_type"`
			EventPayload map[string]any `json:"event_payload"`
		}
		if json.Unmarshal([]byte(meta), &parsed) != nil || parsed.EventType == "" {
			return Message{}, refuse("invalid_metadata_format")
		}
		m.Metadata = json.RawMessage(meta)
	}
	return m, nil
}

func (s *Slack) post(r *http.Request) (reply, error) {
	c, err := s.enter(r.Form.Get("channel"), true)
	if err != nil {
		return nil, err
	}
	m, err := s.compose(r)
	if err != nil {
		return nil, err
	}
	m.TS = s.ts()
	if parent := r.Form.Get("thread_ts"); parent != "" {
		p := c.message(parent)
		if p == nil {
			return nil, refuse("thread_not_found")
		}
		p.Replies = append(p.Replies, m)
	} else {
		c.messages = append(c.messages, &m)
	}
	return reply{"channel": c.ID, "ts": m.TS}, nil
}

func (s *Slack) update(r *http.Request) (reply, error) {
	c, err := s.enter(r.Form.Get("channel"), false)
	if err != nil {
		return nil, err
	}
	old := c.message(r.Form.Get("ts"))
	if old == nil {
		return nil, refuse("message_not_found")
	}
	m, err := s.compose(r)
	if err != nil {
		return nil, err
	}
	m.TS, m.Replies, m.Edits = old.TS, old.Replies, old.Edits+1
	m.Pings = m.Pings || old.Pings
	*old = m
	return reply{"channel": c.ID, "ts": m.TS, "text": r.Form.Get("text")}, nil
}

func (c *channel) message(ts string) *Message {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// wire is a message as the API gives it.
func (m *Message) wire(metadata bool) reply {
	out := reply{"type": "message", "ts": m.TS, "text": m.Text}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	return out
}

// page cuts a list; a cursor is the number of items before it.
func page[T any](s *Slack, r *http.Request, items []T) ([]T, string) {
	from, _ := strconv.Atoi(r.Form.Get("cursor"))
	limit, _ := strconv.Atoi(r.Form.Get("limit"))
	if limit < 1 {
		limit = 100
	}
	limit = min(limit, s.pageSize)
	items = items[min(from, len(items)):]
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], strconv.Itoa(from + limit)
}

func (s *Slack) history(r *http.Request) (reply, error) {
	c, err := s.read(r.Form.Get("channel"))
	if err != nil {
		return nil, err
	}
	oldest, _ := strconv.ParseFloat(r.Form.Get("oldest"), 64)
	var found []reply
	for _, m := range slices.Backward(c.messages) { // the newest first
		if at, _ := strconv.ParseFloat(m.TS, 64); at > oldest {
			found = append(found, m.wire(r.Form.Get("include_all_metadata") == "1"))
		}
	}
	found, next := page(s, r, found)
	return reply{"messages": found, "has_more": next != "", "response_metadata": reply{"next_cursor": next}}, nil
}

func (s *Slack) replies(r *http.Request) (reply, error) {
	c, err := s.read(r.Form.Get("channel"))
	if err != nil {
		return nil, err
	}
	m := c.message(r.Form.Get("ts"))
	if m == nil {
		return nil, refuse("thread_not_found")
	}
	metadata := r.Form.Get("include_all_metadata") == "1"
	found := []reply{m.wire(metadata)}
	for i := range m.Replies {
		found = append(found, m.Replies[i].wire(metadata))
	}
	found, next := page(s, r, found)
	return reply{"messages": found, "has_more": next != "", "response_metadata": reply{"next_cursor": next}}, nil
}

func (c *channel) wire() reply {
	return reply{
		"id": c.ID, "name": c.Name, "is_channel": true, "is_private": c.Private, "is_archived": c.Archived, "is_member": !c.Foreign,
	}
}

func (s *Slack) info(r *http.Request) (reply, error) {
	c := s.find(r.Form.Get("channel"))
	if c == nil || c.ID != r.Form.Get("channel") || c.Private && c.Foreign {
		return nil, refuse("channel_not_found")
	}
	scope := "channels:read"
	if c.Private {
		scope = "groups:read"
	}
	if err := s.may(scope); err != nil {
		return nil, err
	}
	return reply{"channel": c.wire()}, nil
}

func (s *Slack) list(r *http.Request) (reply, error) {
	types := strings.Split(r.Form.Get("types"), ",")
	for _, k := range []struct{ kind, scope string }{{"public_channel", "channels:read"}, {"private_channel", "groups:read"}} {
		if !slices.Contains(types, k.kind) {
			continue
		}
		if err := s.may(k.scope); err != nil {
			return nil, err
		}
	}
	var found []reply
	for _, c := range s.channels {
		kind := "public_channel"
		if c.Private {
			kind = "private_channel"
		}
		hidden := c.Private && c.Foreign || c.Archived && r.Form.Get("exclude_archived") == "true"
		if slices.Contains(types, kind) && !hidden {
			found = append(found, c.wire())
		}
	}
	found, next := page(s, r, found)
	return reply{"channels": found, "response_metadata": reply{"next_cursor": next}}, nil
}

func (s *Slack) file(id string) *picture {
	for _, p := range s.files {
		if p.id == id {
			return p
		}
	}
	return nil
}

// processed counts the questions.
func (p *picture) processed() bool {
	p.looks--
	return p.looks < 0
}

func (s *Slack) uploadURL(r *http.Request) (reply, error) {
	if err := s.may("files:write"); err != nil {
		return nil, err
	}
	length, _ := strconv.Atoi(r.Form.Get("length"))
	if r.Form.Get("filename") == "" || length < 1 {
		return nil, refuse("invalid_arguments")
	}
	p := &picture{id: fmt.Sprintf("F0PICTURE%d", len(s.files)+1), name: r.Form.Get("filename"), length: length, looks: s.delay}
	s.files = append(s.files, p)
	return reply{"file_id": p.id, "upload_url": s.server.URL + "/upload/" + p.id}, nil
}

func (s *Slack) upload(w http.ResponseWriter, r *http.Request, id string) {
	p := s.file(id)
	f, _, err := r.FormFile("file")
	if p == nil || err != nil {
		http.Error(w, "no such upload", http.StatusBadRequest)
		return
	}
	defer f.Close()
	data, _ := io.ReadAll(f)
	if len(data) != p.length {
		http.Error(w, "not the length that was announced", http.StatusBadRequest)
		return
	}
	p.data = data
	_, _ = io.WriteString(w, "OK")
}

func (s *Slack) completeUpload(r *http.Request) (reply, error) {
	var files []struct{ ID, Title string }
	if json.Unmarshal([]byte(r.Form.Get("files")), &files) != nil || len(files) == 0 {
		return nil, refuse("invalid_arguments")
	}
	if r.Form.Get("channel_id") != "" {
		return nil, refuse("shared_to_a_channel") // it would be a second message
	}
	var done []reply
	for _, f := range files {
		p := s.file(f.ID)
		if p == nil || p.data == nil {
			return nil, refuse("file_not_found")
		}
		p.complete = true
		done = append(done, reply{"id": p.id, "title": f.Title})
	}
	return reply{"files": done}, nil
}

func (s *Slack) fileInfo(r *http.Request) (reply, error) {
	if err := s.may("files:read"); err != nil {
		return nil, err
	}
	p := s.file(r.Form.Get("file"))
	if p == nil || !p.complete {
		return nil, refuse("file_not_found")
	}
	mime := ""
	if p.processed() {
		mime = "image/png"
	}
	return reply{"file": reply{"id": p.id, "name": p.name, "mimetype": mime}}, nil
}

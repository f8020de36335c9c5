package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"trackwalker/reporters"
)

func (s *site) apiStatus(w http.ResponseWriter, r *http.Request) {
	status, err := s.stand(r.Context())
	if err != nil {
		s.apiError(w, r, err)
		return
	}
	s.json(w, r, http.StatusOK, status)
}

func (s *site) apiRun(w http.ResponseWriter, r *http.Request) {
	run, err := s.Source.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		s.apiError(w, r, err)
		return
	}
	s.json(w, r, http.StatusOK, run)
}

func (s *site) apiNothing(w http.ResponseWriter, r *http.Request) {
	s.apiError(w, r, notFound("there is nothing at "+r.URL.Path))
}

func (s *site) apiError(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusNotFound
	if !errors.Is(err, fs.ErrNotExist) {
		status = http.StatusInternalServerError
		s.Log.Error("a request could not be answered", "path", r.URL.Path, "error", err)
	}
	s.json(w, r, status, map[string]string{"error": err.Error()})
}

func (s *site) json(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil { // the document holds no number or type that JSON lacks
		s.Log.Error("a request could not be answered", "path", r.URL.Path, "error", err)
		http.Error(w, "the answer cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	s.send(w, r, status, "application/json", append(body, '\n'))
}

// live tells who restarts the agent whether to.
func (s *site) live(w http.ResponseWriter, r *http.Request) {
	if err := s.Source.Live(r.Context()); err != nil {
		s.text(w, r, http.StatusServiceUnavailable, reporters.Line(err.Error()))
		return
	}
	s.text(w, r, http.StatusOK, "ok")
}

// ready tells who watches the watchman.
func (s *site) ready(w http.ResponseWriter, r *http.Request) {
	reasons := s.Source.Ready(r.Context())
	if len(reasons) == 0 {
		s.text(w, r, http.StatusOK, "ok")
		return
	}
	lines := make([]string, len(reasons))
	for i, reason := range reasons {
		lines[i] = reporters.Line(reason)
	}
	s.text(w, r, http.StatusServiceUnavailable, strings.Join(lines, "\n"))
}

func (s *site) text(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.send(w, r, status, "text/plain; charset=utf-8", []byte(text+"\n"))
}

// send writes an answer that is complete. The reader may have left: that is nobody's error.
func (s *site) send(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.Log.Debug("an answer was not read to its end", "path", r.URL.Path, "error", err)
	}
}

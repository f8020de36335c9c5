package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"trackwalker/reporters"
	"trackwalker/scenarios"
)

//go:embed pages
var pageFiles embed.FS

// pages are the templates by their file's name.
type pages map[string]*template.Template

// page is what every template gets.
type page struct {
	Title string
	Icon  string // the asset that stands in the browser's tab
	Live  bool   // the page is kept fresh
	Now   moment
	Body  any
}

func parsePages(assets map[string]asset) pages {
	shared := template.Must(template.New("layout.html").Funcs(functions()).Funcs(template.FuncMap{
		"asset": func(name string) (string, error) {
			a, ok := assets[name]
			if !ok {
				return "", fmt.Errorf("there is no asset %s", name)
			}
			return a.url, nil
		},
	}).ParseFS(pageFiles, "pages/layout.html", "pages/parts.html"))
	all := pages{}
	for _, name := range []string{"status.html", "flow.html", "run.html", "error.html"} {
		all[name] = template.Must(template.Must(shared.Clone()).ParseFS(pageFiles, "pages/"+name))
	}
	return all
}

// stand says how everything is.
func (s *site) stand(ctx context.Context) (Status, error) {
	status, err := s.Source.Status(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("the agent cannot say how it stands: %w", err)
	}
	status.Ready = len(s.Source.Ready(ctx)) == 0
	return Judge(status), nil
}

func (s *site) status(w http.ResponseWriter, r *http.Request) {
	status, err := s.stand(r.Context())
	if err != nil {
		s.fail(w, r, err, "", "")
		return
	}
	now := s.at(status.At)
	s.page(w, r, http.StatusOK, "status.html", page{
		Title: status.Headline + " – Trackwalker", Icon: icon(status), Live: true, Now: now, Body: statusView{status, now},
	})
}

func (s *site) flow(w http.ResponseWriter, r *http.Request) {
	status, err := s.stand(r.Context())
	if err != nil {
		s.fail(w, r, err, "", "")
		return
	}
	now := s.at(status.At)
	for _, f := range status.Flows {
		if f.Name == r.PathValue("name") {
			one := status
			one.State, one.Problems = f.State, nil
			s.page(w, r, http.StatusOK, "flow.html", page{
				Title: f.Name + " – Trackwalker", Icon: icon(one), Live: true, Now: now, Body: flowView{f, now, incidentOf(status, f.Name)},
			})
			return
		}
	}
	s.fail(w, r, notFound("no such flow"), "There is no such flow", "It may have been removed or renamed, or its file is broken: then the first page says so.")
}

func (s *site) run(w http.ResponseWriter, r *http.Request) {
	run, err := s.Source.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err, "There is no such run", "Old runs are removed after some time, as the configuration says.")
		return
	}
	icons := map[scenarios.Outcome]string{scenarios.Passed: "working.svg", scenarios.Failed: "failing.svg", scenarios.Errored: "errored.svg"}
	name := icons[run.Outcome]
	if name == "" {
		name = "waiting.svg"
	}
	now := s.at(time.Now())
	s.page(w, r, http.StatusOK, "run.html", page{
		Title: fmt.Sprintf("%s %s – Trackwalker", reporters.Line(run.Scenario), run.Outcome), Icon: name, Now: now, Body: runView{run, now},
	})
}

// nothing answers for what is not there.
func (s *site) nothing(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, notFound("no such page"), "There is no such page", "")
}

// notFound says that something is not there.
type notFound string

func (e notFound) Error() string { return string(e) }

// Is makes it the same as what a Source says.
func (e notFound) Is(target error) bool { return target == fs.ErrNotExist }

// errorView is what error.html shows.
type errorView struct{ Title, Text, Hint string }

// fail answers with a page that says what is wrong. Title and hint speak of what is not there; any other error is the agent's.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error, title, hint string) {
	status, text := http.StatusNotFound, ""
	if !errors.Is(err, fs.ErrNotExist) {
		status, text, hint = http.StatusInternalServerError, err.Error(), "More may stand in the agent's log."
		s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
		title = "This page could not be made"
	}
	s.page(w, r, status, "error.html", page{
		Title: title + " – Trackwalker", Icon: "errored.svg", Now: s.at(time.Now()), Body: errorView{title, text, hint},
	})
}

// page renders a whole page before the first byte of it is sent.
func (s *site) page(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	var body bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&body, "layout.html", p); err != nil {
		s.Log.Error("a page could not be drawn", "path", r.URL.Path, "error", err)
		http.Error(w, "this page could not be drawn: the agent's log says why", http.StatusInternalServerError)
		return
	}
	s.send(w, r, status, "text/html; charset=utf-8", body.Bytes())
}

// icon is the asset that shows the state in the browser's tab.
func icon(s Status) string {
	switch {
	case s.State == Failing || s.State == Failed:
		return "failing.svg"
	case s.State == Errored || len(s.Problems) > 0:
		return "errored.svg"
	case s.State == Waiting:
		return "waiting.svg"
	default:
		return "working.svg"
	}
}

func incidentOf(s Status, flow string) *Incident {
	for i := range s.Incidents {
		if s.Incidents[i].Flow == flow {
			return &s.Incidents[i]
		}
	}
	return nil
}

// Package web serves what the agent knows: the status page, the pages of a flow and of a run, pictures, a JSON API, health
// and metrics. It reads and never changes anything, and it knows of the agent only what a Source tells it; nothing here
// plays, stores or sends.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options are what the pages need.
type Options struct {
	Source  Source
	Metrics http.Handler   // answers /metrics; nil: nobody does
	Listen  string         // host:port that the server listens on
	Hosts   []string       // further names by which it may be asked for, as status.example
	Zone    *time.Location // of the times shown; nil: the machine's
	Log     *slog.Logger   // nil: the default one
}

// patience is how long one answer of the Source may take.
const patience = 10 * time.Second

// New gives the handler of everything:
//
//	/                     how all flows stand
//	/flows/{name}         one flow and its recent runs
//	/runs/{id}            one run
//	/artifacts/{sha}      a picture; anything else to be saved, never shown
//	/api/v1/status        Status as JSON
//	/api/v1/runs/{id}     scenarios.Run as JSON: what `run --output json` prints of one run
//	/healthz              200 while the agent's loops turn; 503: restart it
//	/readyz               200 while it can do its work; 503: the reasons, one a line
//	/metrics              what Options say
func New(o Options) http.Handler {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &site{Options: o, assets: readAssets()}
	s.pages = parsePages(s.assets)
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.status)
	mux.HandleFunc("/flows/{name}", s.flow)
	mux.HandleFunc("/runs/{id}", s.run)
	mux.HandleFunc("/artifacts/{sha}", s.artifact)
	mux.HandleFunc("/assets/{version}/{name}", s.asset)
	mux.HandleFunc("/api/v1/status", s.apiStatus)
	mux.HandleFunc("/api/v1/runs/{id}", s.apiRun)
	mux.HandleFunc("/api/", s.apiNothing)
	mux.HandleFunc("/healthz", s.live)
	mux.HandleFunc("/readyz", s.ready)
	if o.Metrics != nil {
		mux.Handle("/metrics", o.Metrics)
	}
	mux.HandleFunc("/", s.nothing)
	return guard(newHosts(o.Listen, o.Hosts), limit(mux))
}

// site answers requests.
type site struct {
	Options
	assets map[string]asset
	pages  pages
}

// limit ends what takes too long.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Server gives a server for handler with limits of time and size: no client can hold it for long.
func Server(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
}

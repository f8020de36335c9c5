package shop

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The names of the switches.
const (
	SlowCatalogue = "slow_catalogue"
	Checkout500   = "checkout_500"
	MissingButton = "missing_button"
	JSError       = "js_error"
	CoveredButton = "covered_button"
)

// Switch is one way to break the shop on purpose.
type Switch struct {
	Name string
	Doc  string
	On   bool
}

type switchboard struct {
	mu  sync.Mutex
	all []Switch
}

func newSwitchboard() *switchboard {
	return &switchboard{all: []Switch{
		{Name: SlowCatalogue, Doc: "The product search takes seconds to answer."},
		{Name: Checkout500, Doc: "Placing an order fails: the server answers 500, and the visitor sees an error."},
		{Name: MissingButton, Doc: "The checkout has no button to place the order with."},
		{Name: JSError, Doc: "A script of the catalogue throws, and no lamp is ever shown there."},
		{Name: CoveredButton, Doc: "A cookie banner comes late and lies over the button that places the order, until it is answered."},
	}}
}

// Set throws a switch for every visitor.
func (s *Shop) Set(name string, on bool) error {
	b := s.switches
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.all, func(x Switch) bool { return x.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no switch %q, only %s", name, strings.Join(names(b.all), ", "))
	}
	b.all[i].On = on
	return nil
}

// Switches returns every switch as it stands for all visitors.
func (s *Shop) Switches() []Switch {
	s.switches.mu.Lock()
	defer s.switches.mu.Unlock()
	return slices.Clone(s.switches.all)
}

func names(all []Switch) []string {
	n := make([]string, len(all))
	for i, s := range all {
		n[i] = s.Name
	}
	return n
}

// broken tells whether a switch is on for the visitor of a request.
func (s *Shop) broken(v session, name string) bool {
	return v.breaks[name] || slices.ContainsFunc(s.Switches(), func(x Switch) bool { return x.Name == name && x.On })
}

// remember throws the switches that the query of a request asks for, in the visitor's own session.
func (s *Shop) remember(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wanted := r.URL.Query()["break"]
		if len(wanted) == 0 || r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		known := names(s.Switches())
		for _, name := range wanted {
			if name != "none" && !slices.Contains(known, name) {
				http.Error(w, fmt.Sprintf("there is no switch %q, only %s, and none", name, strings.Join(known, ", ")), http.StatusBadRequest)
				return
			}
		}
		t := s.change(w, r, func(v *session) {
			for _, name := range wanted {
				if name == "none" {
					clear(v.breaks)
				} else {
					v.breaks[name] = true
				}
			}
		})
		r = r.Clone(r.Context()) // this very page shows the shop broken already
		r.Header.Set("Cookie", cookieName+"="+t)
		next.ServeHTTP(w, r)
	})
}

func (s *Shop) showSwitches(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Switch
		Mine bool // thrown in this visitor's session alone
	}
	v := s.visitor(r)
	var rows []row
	for _, x := range s.Switches() {
		rows = append(rows, row{x, v.breaks[x.Name]})
	}
	s.render(w, r, http.StatusOK, "switches", "Switches", rows)
}

func (s *Shop) setSwitch(w http.ResponseWriter, r *http.Request) {
	on, err := strconv.ParseBool(r.PostFormValue("on"))
	if err != nil {
		http.Error(w, "on must be true or false", http.StatusBadRequest)
		return
	}
	if err := s.Set(r.PostFormValue("name"), on); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/_switches", http.StatusSeeOther)
}

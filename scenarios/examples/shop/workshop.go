package shop

import (
	"crypto/subtle"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// The shop's other customer logs in with the same password and a one-time code (RFC 6238), made from Secret.
const (
	CarefulEmail = "safe@shop.example"
	Secret       = "JBSWY3DPEHPK3PXP"
)

const (
	maxPhotos = 10
	maxUpload = 4 << 20
)

// workshopRoutes serves what a shop has beside its shelves: repairs with photos, a payment form in a frame, a price list to
// download, a wish list to drag to, stories that load as one scrolls, and two other ways to log in.
func (s *Shop) workshopRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /workshop", s.workshop)
	mux.HandleFunc("POST /repairs", s.repairs)
	mux.HandleFunc("GET /card", s.card)
	mux.HandleFunc("GET /warranty", s.warranty)
	mux.HandleFunc("GET /price-list.csv", s.priceList)
	mux.HandleFunc("GET /journal", s.journal)
	mux.HandleFunc("GET /login/code", s.code)
	mux.HandleFunc("POST /login/code", s.confirmCode)
	mux.HandleFunc("GET /lantern", s.lantern)
	mux.HandleFunc("GET /lantern/return", s.lanternReturn)
}

func (s *Shop) workshop(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "workshop", "The workshop", map[string]any{"Shelf": s.lamps[:3]})
}

// repairs counts the photos and keeps none.
func (s *Shop) repairs(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(maxUpload); err != nil {
		http.Error(w, "the photos are too large, or there are none", http.StatusBadRequest)
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	var names []string
	for _, photo := range r.MultipartForm.File["photos"] {
		if photo.Size > 0 {
			names = append(names, clip(photo.Filename, 80))
		}
	}
	received := fmt.Sprintf("We have received %d photos.", len(names))
	if len(names) == 1 {
		received = "We have received 1 photo."
	}
	s.render(w, r, http.StatusOK, "repair", "Your repair", map[string]any{
		"Received": received, "Names": names[:min(len(names), maxPhotos)], "Wrong": clip(r.PostFormValue("wrong"), 500),
	})
}

// card is the payment provider's page, which the workshop shows in a frame.
func (s *Shop) card(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "card", "Card payment", nil)
}

func (s *Shop) warranty(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "warranty", "Warranty", nil)
}

func (s *Shop) priceList(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="price-list.csv"`)
	list := csv.NewWriter(w)
	_ = list.Write([]string{"lamp", "kind", "price"}) // the visitor may be gone
	for _, p := range s.lamps {
		_ = list.Write([]string{p.Name, p.Kind(), p.Price.String()})
	}
	list.Flush()
}

func (s *Shop) journal(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "journal", "Journal", nil)
}

// code asks for the second factor of somebody whose password was right.
func (s *Shop) code(w http.ResponseWriter, r *http.Request) {
	if !s.visitor(r).halfway {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, "code", "One-time code", loginPage{Next: ownPath(r.URL.Query().Get("next"))})
}

func (s *Shop) confirmCode(w http.ResponseWriter, r *http.Request) {
	next := ownPath(r.PostFormValue("next"))
	if !s.visitor(r).halfway {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	o := totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix}
	if ok, err := totp.ValidateCustom(strings.TrimSpace(r.PostFormValue("code")), Secret, time.Now(), o); err != nil || !ok {
		s.render(w, r, http.StatusUnprocessableEntity, "code", "One-time code", loginPage{Next: next, Error: "Wrong code"})
		return
	}
	s.logInAs(w, r, next)
}

// logInAs lets the visitor in, under a new token.
func (s *Shop) logInAs(w http.ResponseWriter, r *http.Request, next string) {
	t := s.visitors.change(token(r), func(v *session) { v.loggedIn, v.halfway = true, false })
	setToken(w, r, s.visitors.renew(t))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// lantern stands for an identity provider: it sends the visitor back with a ticket.
func (s *Shop) lantern(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "lantern", "Lantern ID", "/lantern/return?"+url.Values{"ticket": {s.ticket}}.Encode())
}

func (s *Shop) lanternReturn(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("ticket")), []byte(s.ticket)) != 1 {
		http.Error(w, "this ticket is not known", http.StatusForbidden)
		return
	}
	s.logInAs(w, r, "/account")
}

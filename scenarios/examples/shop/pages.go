package shop

import (
	"bytes"
	"crypto/subtle"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page is what the frame around every page shows, and the page's own data.
type page struct {
	Title    string
	Path     string
	LoggedIn bool
	Count    int  // what is in the cart
	Asks     bool // shows the banner that asks about cookies
	Data     any
}

// parsePages panics only when an embedded page is malformed, which every test would show.
func parsePages() map[string]*template.Template {
	frame := template.Must(template.New("frame.html").Funcs(template.FuncMap{
		"day": func(t time.Time) string { return t.Format("2 January 2006") },
	}).ParseFS(files, "pages/frame.html"))
	pages := map[string]*template.Template{}
	for _, name := range []string{
		"home", "catalogue", "product", "cart", "checkout", "thanks", "login", "account", "switches", "missing",
		"workshop", "repair", "card", "warranty", "journal", "code", "lantern",
	} {
		pages[name] = template.Must(template.Must(frame.Clone()).ParseFS(files, "pages/"+name+".html"))
	}
	return pages
}

// render draws a page as a whole before it sends any of it, so that a page is either right or an error.
func (s *Shop) render(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	v := s.visitor(r)
	var b bytes.Buffer
	err := s.pages[name].Execute(&b, page{
		Title: title, Path: r.URL.Path, LoggedIn: v.loggedIn, Count: count(v.cart), Asks: r.URL.Query().Get("cookies") == "ask", Data: data,
	})
	if err != nil {
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the visitor may be gone
}

func (s *Shop) home(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "home", "Lamps for slow evenings", map[string]any{
		"Featured": s.lamps[:4], "Categories": categories(),
	})
}

// catalogue serves the page alone: its script fetches the lamps.
func (s *Shop) catalogue(w http.ResponseWriter, r *http.Request) {
	// The script looks its layout up by this name. It does not know the second one, and throws.
	layout := "grid"
	if s.broken(s.visitor(r), JSError) {
		layout = "mosaic"
	}
	q := r.URL.Query()
	s.render(w, r, http.StatusOK, "catalogue", "All lamps", map[string]any{
		"Layout": layout, "Categories": categories(),
		"Query": clip(q.Get("q"), maxQuery), "Category": q.Get("category"), "Sort": q.Get("sort"),
	})
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("id"))
	if !ok {
		s.notFound(w, r)
		return
	}
	others := s.search("", p.Category, "")
	if len(others) < 4 {
		others = append(others, s.lamps...)
	}
	var near []Product
	for _, o := range others {
		if len(near) < 4 && o.ID != p.ID && !slices.Contains(near, o) {
			near = append(near, o)
		}
	}
	s.render(w, r, http.StatusOK, "product", p.Name, map[string]any{"Lamp": p, "Near": near})
}

func (s *Shop) cart(w http.ResponseWriter, r *http.Request) {
	c := s.visitor(r).cart
	s.render(w, r, http.StatusOK, "cart", "Cart", map[string]any{
		"Lines": c, "Total": total(c), "Featured": s.lamps[:4],
	})
}

func (s *Shop) changeCart(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PostFormValue("product"))
	n, err := strconv.Atoi(r.PostFormValue("quantity"))
	if !ok || err != nil {
		http.Error(w, "a known product and a quantity are needed", http.StatusBadRequest)
		return
	}
	s.change(w, r, func(v *session) { v.set(p, n) })
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

func (s *Shop) checkout(w http.ResponseWriter, r *http.Request) {
	v := s.visitor(r)
	switch {
	case !v.loggedIn:
		http.Redirect(w, r, "/login?next=/checkout", http.StatusSeeOther)
		return
	case len(v.cart) == 0:
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, "checkout", "Checkout", map[string]any{
		"Lines": v.cart, "Total": total(v.cart), "Deliveries": deliveries(),
		"Button": !s.broken(v, MissingButton), "Covered": s.broken(v, CoveredButton),
	})
}

func (s *Shop) thanks(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("order"))
	o, ok := s.orders.find(number)
	if err != nil || !ok || !s.visitor(r).loggedIn {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "thanks", "Thank you", o)
}

type loginPage struct{ Email, Next, Error string }

func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	next := ownPath(r.URL.Query().Get("next"))
	if s.visitor(r).loggedIn {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, "login", "Log in", loginPage{Next: next})
}

func (s *Shop) logIn(w http.ResponseWriter, r *http.Request) {
	email, password := strings.TrimSpace(r.PostFormValue("email")), r.PostFormValue("password")
	next := ownPath(r.PostFormValue("next"))
	known := strings.EqualFold(email, Email) || strings.EqualFold(email, CarefulEmail)
	if !known || subtle.ConstantTimeCompare([]byte(password), []byte(Password)) != 1 {
		s.render(w, r, http.StatusUnprocessableEntity, "login", "Log in",
			loginPage{Email: clip(email, 200), Next: next, Error: "Wrong email or password"})
		return
	}
	if strings.EqualFold(email, CarefulEmail) {
		s.change(w, r, func(v *session) { v.halfway = true })
		http.Redirect(w, r, "/login/code?next="+next, http.StatusSeeOther)
		return
	}
	s.logInAs(w, r, next)
}

// logOut forgets the login and the cart. What is broken for the visitor stays broken.
func (s *Shop) logOut(w http.ResponseWriter, r *http.Request) {
	if s.visitor(r).loggedIn {
		s.change(w, r, func(v *session) { v.loggedIn, v.halfway, v.cart = false, false, nil })
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Shop) account(w http.ResponseWriter, r *http.Request) {
	if !s.visitor(r).loggedIn {
		http.Redirect(w, r, "/login?next=/account", http.StatusSeeOther)
		return
	}
	past := append(s.orders.last(6), s.history(time.Now())...)
	s.render(w, r, http.StatusOK, "account", "Your account", map[string]any{
		"Name": firstName, "Email": Email, "Orders": past[:min(len(past), 6)],
	})
}

func (s *Shop) notFound(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusNotFound, "missing", "Page not found", nil)
}

// ownPath is where a login leads: nowhere but to a page of the shop that asks for one.
func ownPath(next string) string {
	if next == "/checkout" {
		return next
	}
	return "/account"
}

// clip keeps the first n letters of s.
func clip(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}

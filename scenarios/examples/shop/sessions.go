package shop

import (
	"container/list"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const maxQuantity = 9

// session is what the shop remembers of one visitor. Its cart holds each product once, so it is bounded by the
// assortment, and its breaks by the switches.
type session struct {
	token    string
	seen     time.Time
	loggedIn bool
	halfway  bool // the password was right, and a one-time code is wanted too
	cart     []line
	breaks   map[string]bool
}

type line struct {
	Product  Product
	Quantity int
}

func (l line) Total() Cents { return Cents(l.Quantity) * l.Product.Price }

// set makes the quantity of a product n; 0 takes it out of the cart.
func (s *session) set(p Product, n int) {
	n = min(max(n, 0), maxQuantity)
	i := slices.IndexFunc(s.cart, func(l line) bool { return l.Product.ID == p.ID })
	switch {
	case i < 0 && n > 0:
		s.cart = append(s.cart, line{p, n})
	case i >= 0 && n > 0:
		s.cart[i].Quantity = n
	case i >= 0:
		s.cart = slices.Delete(s.cart, i, i+1)
	}
}

func (s *session) quantity(id string) int {
	for _, l := range s.cart {
		if l.Product.ID == id {
			return l.Quantity
		}
	}
	return 0
}

func count(cart []line) (n int) {
	for _, l := range cart {
		n += l.Quantity
	}
	return n
}

func total(cart []line) (sum Cents) {
	for _, l := range cart {
		sum += l.Total()
	}
	return sum
}

// sessions keeps the visitors that were seen last: at most max of them, each until it was idle for too long. The
// list runs from the one seen last to the one seen first.
type sessions struct {
	max  int
	idle time.Duration

	mu      sync.Mutex
	byToken map[string]*list.Element
	recent  *list.List
}

func newSessions(max int, idle time.Duration) *sessions {
	return &sessions{max: max, idle: idle, byToken: map[string]*list.Element{}, recent: list.New()}
}

// read returns a copy of a session, or an empty one when there is none.
func (s *sessions) read(token string) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.touch(token)
	if v == nil {
		return session{}
	}
	c := *v
	c.cart, c.breaks = slices.Clone(v.cart), maps.Clone(v.breaks)
	return c
}

// change lets f alter a session, which is made when there is none, and returns its token. A token that came from
// outside is never adopted.
func (s *sessions) change(token string, f func(*session)) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.touch(token)
	if v == nil {
		v = &session{token: rand.Text(), seen: time.Now(), breaks: map[string]bool{}}
		s.byToken[v.token] = s.recent.PushFront(v)
		if s.recent.Len() > s.max {
			s.drop(s.recent.Back())
		}
	}
	f(v)
	return v.token
}

// renew gives a session a new token, so that one known before a login is worth nothing after it.
func (s *sessions) renew(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byToken[token]
	if !ok {
		return token
	}
	delete(s.byToken, token)
	v := e.Value.(*session)
	v.token = rand.Text()
	s.byToken[v.token] = e
	return v.token
}

// touch forgets who was idle for too long, and moves the session to the front.
func (s *sessions) touch(token string) *session {
	now := time.Now()
	for e := s.recent.Back(); e != nil && now.Sub(e.Value.(*session).seen) > s.idle; e = s.recent.Back() {
		s.drop(e)
	}
	e, ok := s.byToken[token]
	if !ok {
		return nil
	}
	v := e.Value.(*session)
	v.seen = now
	s.recent.MoveToFront(e)
	return v
}

func (s *sessions) drop(e *list.Element) {
	delete(s.byToken, e.Value.(*session).token)
	s.recent.Remove(e)
}

func (s *sessions) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recent.Len()
}

// visitor is the session of a request: a copy, to show things from.
func (s *Shop) visitor(r *http.Request) session { return s.visitors.read(token(r)) }

// change alters the session of a request, tells the browser its token, and returns it.
func (s *Shop) change(w http.ResponseWriter, r *http.Request, f func(*session)) string {
	t := s.visitors.change(token(r), f)
	if t != token(r) {
		setToken(w, r, t)
	}
	return t
}

func token(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	return c.Value
}

func setToken(w http.ResponseWriter, r *http.Request, t string) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: t, Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

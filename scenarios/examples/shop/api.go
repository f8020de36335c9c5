package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const maxQuery = 100

// reply answers with JSON. Nothing of an error is left to do: the visitor may be gone.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}

func (s *Shop) apiProducts(w http.ResponseWriter, r *http.Request) {
	if s.broken(s.visitor(r), SlowCatalogue) {
		wait := time.NewTimer(s.delay)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
			return
		}
	}
	type card struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Kind    string `json:"kind"`
		Line    string `json:"line"`
		Price   string `json:"price"`
		URL     string `json:"url"`
		Picture string `json:"picture"`
		Alt     string `json:"alt"`
		Badge   string `json:"badge"`
	}
	q := r.URL.Query()
	cards := []card{}
	for _, p := range s.search(clip(q.Get("q"), maxQuery), q.Get("category"), q.Get("sort")) {
		cards = append(cards, card{p.ID, p.Name, p.Kind(), p.Line, p.Price.String(), p.URL(), p.Picture(), p.Alt, p.Badge})
	}
	reply(w, http.StatusOK, map[string]any{"products": cards})
}

// apiCart adds to the cart; POST /cart sets what is in it.
func (s *Shop) apiCart(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Product  string `json:"product"`
		Quantity int    `json:"quantity"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "that is not a request for the cart")
		return
	}
	p, ok := s.find(in.Product)
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such lamp")
		return
	}
	if in.Quantity < 1 || in.Quantity > maxQuantity {
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf("Please choose a quantity from 1 to %d.", maxQuantity))
		return
	}
	n := 0
	s.change(w, r, func(v *session) {
		v.set(p, v.quantity(p.ID)+in.Quantity)
		n = count(v.cart)
	})
	reply(w, http.StatusOK, map[string]int{"count": n})
}

// apiOrders places an order for what is in the cart.
func (s *Shop) apiOrders(w http.ResponseWriter, r *http.Request) {
	v := s.visitor(r)
	if !v.loggedIn {
		refuse(w, http.StatusUnauthorized, "Please log in first.")
		return
	}
	if s.broken(v, Checkout500) {
		refuse(w, http.StatusInternalServerError, "internal error")
		return
	}
	var f orderForm
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		refuse(w, http.StatusBadRequest, "that is not an order")
		return
	}
	way, wrong := f.check()
	if len(wrong) > 0 {
		reply(w, http.StatusUnprocessableEntity, map[string]any{"error": "Please check the marked fields.", "fields": wrong})
		return
	}
	// The cart is taken and emptied at once, so that of two clicks only one is an order.
	var cart []line
	s.change(w, r, func(v *session) { cart, v.cart = v.cart, nil })
	if len(cart) == 0 {
		refuse(w, http.StatusConflict, "Your cart is empty.")
		return
	}
	n := s.orders.add(order{Name: f.Name, City: f.City, Delivery: way, Lines: cart})
	reply(w, http.StatusCreated, map[string]any{"order": n, "url": fmt.Sprintf("/thanks/%d", n)})
}

type orderForm struct {
	Name     string `json:"name"`
	Address  string `json:"address"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Delivery string `json:"delivery"`
	Terms    bool   `json:"terms"`
}

// check says what is wrong, by field. The page checks the same before it sends anything.
func (f *orderForm) check() (delivery, map[string]string) {
	wrong := map[string]string{}
	for field, value := range map[string]*string{"name": &f.Name, "address": &f.Address, "city": &f.City, "postcode": &f.Postcode} {
		*value = strings.TrimSpace(*value)
		switch {
		case *value == "":
			wrong[field] = "Please fill this in."
		case utf8.RuneCountInString(*value) > 100, strings.ContainsFunc(*value, unicode.IsControl):
			wrong[field] = "This does not look right."
		}
	}
	ways := deliveries()
	i := slices.IndexFunc(ways, func(d delivery) bool { return d.ID == f.Delivery })
	if i < 0 {
		wrong["delivery"] = "Please choose how it should reach you."
		i = 0
	}
	if !f.Terms {
		wrong["terms"] = "Please accept the terms."
	}
	return ways[i], wrong
}

package shop

import (
	"slices"
	"sync"
	"time"
)

const firstOrder = 1042

type order struct {
	Number   int
	Placed   time.Time
	Name     string
	City     string
	Delivery delivery
	Lines    []line
}

func (o order) Items() int   { return count(o.Lines) }
func (o order) Total() Cents { return total(o.Lines) + o.Delivery.Price }

type delivery struct {
	ID, Name, When string
	Price          Cents
}

func deliveries() []delivery {
	return []delivery{
		{"standard", "Standard", "Arrives in 3 to 5 days", 0},
		{"express", "Express", "Arrives tomorrow before noon", 9_00},
		{"store", "Collect in store", "Ready from 4 pm today", 0},
	}
}

// orders keeps the last orders of the shop's one customer; numbers go on for ever.
type orders struct {
	max int

	mu   sync.Mutex
	next int
	all  []order // the newest last
}

func newOrders(max int) *orders { return &orders{max: max, next: firstOrder} }

func (o *orders) add(n order) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n.Number, n.Placed = o.next, time.Now()
	o.next++
	if len(o.all) >= o.max {
		o.all = slices.Delete(o.all, 0, len(o.all)-o.max+1)
	}
	o.all = append(o.all, n)
	return n.Number
}

func (o *orders) find(number int) (order, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i, ok := slices.BinarySearchFunc(o.all, number, func(x order, n int) int { return x.Number - n })
	if !ok {
		return order{}, false
	}
	return o.all[i], true
}

// last returns up to n orders, the newest first.
func (o *orders) last(n int) []order {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := slices.Clone(o.all[max(0, len(o.all)-n):])
	slices.Reverse(l)
	return l
}

// history is what Ada ordered before the shop was started, so that her account is never bare.
func (s *Shop) history(now time.Time) []order {
	opal, _ := s.find("opal")
	nimbus, _ := s.find("nimbus")
	ways := deliveries()
	return []order{
		{Number: 1017, Placed: now.AddDate(0, 0, -19), Delivery: ways[1], Lines: []line{{opal, 2}}},
		{Number: 986, Placed: now.AddDate(0, 0, -73), Delivery: ways[0], Lines: []line{{nimbus, 1}}},
	}
}

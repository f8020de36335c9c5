package shop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Cents is an amount of money in euro cents.
type Cents int

// String writes the amount as the shop shows it: €1,299.00.
func (c Cents) String() string {
	euros := fmt.Sprint(int(c) / 100)
	for i := len(euros) - 3; i > 0; i -= 3 {
		euros = euros[:i] + "," + euros[i:]
	}
	return fmt.Sprintf("€%s.%02d", euros, int(c)%100)
}

// Product is one lamp.
type Product struct {
	ID       string
	Name     string
	Category string // an ID of categories
	Price    Cents
	Line     string // one sentence, shown beside the name
	Story    string
	Material string
	Size     string
	Light    string
	Alt      string // what the picture shows
	Badge    string // "New", or nothing
}

// Picture is the path of the product's drawing.
func (p Product) Picture() string { return "/static/lamps/" + p.ID + ".svg" }

// URL is the path of the product's page.
func (p Product) URL() string { return "/product/" + p.ID }

// Kind is the product's category as people say it of one lamp.
func (p Product) Kind() string {
	for _, c := range categories() {
		if c.ID == p.Category {
			return c.One
		}
	}
	return "Lamp"
}

type category struct{ ID, Name, One, Picture string }

func categories() []category {
	return []category{
		{"pendant", "Pendants", "Pendant", "kiln"},
		{"table", "Table lamps", "Table lamp", "dune"},
		{"floor", "Floor lamps", "Floor lamp", "alder"},
		{"wall", "Wall lights", "Wall light", "solstice"},
	}
}

func (s *Shop) find(id string) (Product, bool) {
	i := slices.IndexFunc(s.lamps, func(p Product) bool { return p.ID == id })
	if i < 0 {
		return Product{}, false
	}
	return s.lamps[i], true
}

// search finds the lamps in which every word of the query occurs, in the order that was asked for.
func (s *Shop) search(query, category, order string) []Product {
	words := strings.Fields(strings.ToLower(query))
	found := []Product{}
	for _, p := range s.lamps {
		text := strings.ToLower(strings.Join([]string{p.Name, p.Kind(), p.Line, p.Story, p.Material}, " "))
		if (category == "" || p.Category == category) &&
			!slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			found = append(found, p)
		}
	}
	switch order {
	case "price":
		slices.SortStableFunc(found, func(a, b Product) int { return cmp.Compare(a.Price, b.Price) })
	case "-price":
		slices.SortStableFunc(found, func(a, b Product) int { return cmp.Compare(b.Price, a.Price) })
	case "name":
		slices.SortStableFunc(found, func(a, b Product) int { return cmp.Compare(a.Name, b.Name) })
	}
	return found
}

// lamps is the whole assortment, in the order of the shop window.
func lamps() []Product {
	return []Product{
		{
			ID: "morel", Name: "Morel", Category: "table", Price: 129_00, Badge: "New",
			Line:     "A mouth-blown amber cap on a lit stem.",
			Story:    "Two pieces of glass and nothing else. The cap is blown in one breath, so no two fall quite alike, and the stem glows just enough to find your book by.",
			Material: "Mouth-blown glass", Size: "34 cm high, 28 cm wide", Light: "E14, 2700 K, dimmable",
			Alt: "Mushroom-shaped table lamp with an amber glass cap, lit, on a shelf",
		},
		{
			ID: "halo", Name: "Halo", Category: "pendant", Price: 189_00,
			Line:     "A ring of warm light, hung from three threads.",
			Story:    "Made for round tables and long dinners. The light faces inwards and down, so that it falls on the plates and never in the eyes.",
			Material: "Brushed brass, opal diffuser", Size: "60 cm across, cord 180 cm", Light: "LED 24 W, 2700 K, dimmable",
			Alt: "Brass ring pendant glowing against a dark green wall",
		},
		{
			ID: "heron", Name: "Heron", Category: "floor", Price: 329_00,
			Line:     "One long bow from a marble foot to your chair.",
			Story:    "Reading light where no ceiling hook will ever be. The bow turns on its foot with one finger, and the marble keeps it where you left it.",
			Material: "Spun steel, Carrara marble", Size: "205 cm high, reach 120 cm", Light: "E27, 2700 K",
			Alt: "Arc floor lamp with a dome shade and a marble foot in a sage green room",
		},
		{
			ID: "opal", Name: "Opal", Category: "wall", Price: 99_00,
			Line:     "A small moon for the hallway.",
			Story:    "Three layers of opal glass take the edge off the brightest bulb. Hung beside a mirror it flatters everybody.",
			Material: "Opal glass, brass", Size: "18 cm across", Light: "G9, 2700 K, dimmable",
			Alt: "Glowing glass globe on a brass wall bracket",
		},
		{
			ID: "dune", Name: "Dune", Category: "table", Price: 139_00,
			Line:     "Ribbed stoneware under a linen shade.",
			Story:    "Thrown, ribbed and glazed by hand in Jutland. The linen is unbleached and only gets better with the years.",
			Material: "Stoneware, linen", Size: "52 cm high, 36 cm wide", Light: "E27, 2700 K",
			Alt: "Table lamp with a ribbed ceramic base and a lit linen shade",
		},
		{
			ID: "kiln", Name: "Kiln", Category: "pendant", Price: 119_00,
			Line:     "A terracotta bell, white inside.",
			Story:    "Fired slowly at 1040 degrees, then left alone: no glaze, no paint. The white inside throws a clear pool of light on the table.",
			Material: "Terracotta, textile cord", Size: "32 cm across, cord 150 cm", Light: "E27, 2700 K",
			Alt: "Terracotta dome pendant casting a cone of light",
		},
		{
			ID: "fjord", Name: "Fjord", Category: "table", Price: 149_00,
			Line:     "A desk lamp that stays exactly where you point it.",
			Story:    "Two arms, three joints, no springs to squeak. The head turns all the way round and dims with a stroke of the thumb.",
			Material: "Enamelled aluminium", Size: "48 cm high, reach 62 cm", Light: "LED 9 W, 2700 to 4000 K",
			Alt: "Deep blue articulated desk lamp shining on a table",
		},
		{
			ID: "alder", Name: "Alder", Category: "floor", Price: 249_00,
			Line:     "Three legs of oiled wood, one drum of light.",
			Story:    "The legs are turned from a single board, so the grain runs on from one to the next. Comes flat, stands up in four minutes, without a tool.",
			Material: "Oiled alder, cotton", Size: "154 cm high, 45 cm wide", Light: "E27, 2700 K",
			Alt: "Wooden tripod floor lamp with a wide fabric shade",
		},
		{
			ID: "pebble", Name: "Pebble", Category: "table", Price: 69_00, Badge: "Cordless",
			Line:     "Goes where you go, twelve hours at a time.",
			Story:    "To the balcony, to the bath, to bed. One touch to light it, a longer one to dim it, and a night on its stone to fill it up again.",
			Material: "Frosted silicone, ash wood", Size: "14 cm high, 17 cm wide", Light: "LED 3 W, 2200 K, rechargeable",
			Alt: "Small pebble-shaped portable lamp glowing on a stack of books",
		},
		{
			ID: "nimbus", Name: "Nimbus", Category: "pendant", Price: 79_00,
			Line:     "Paper, folded like a cloud at dusk.",
			Story:    "Washi on a bamboo spiral, seventy centimetres of it and lighter than a letter. Softens a whole room by itself.",
			Material: "Washi paper, bamboo", Size: "70 cm across", Light: "E27, 2700 K",
			Alt: "Large round paper lantern against a dusky blue wall",
		},
		{
			ID: "lark", Name: "Lark", Category: "wall", Price: 109_00,
			Line:     "A swing arm for the side of the bed.",
			Story:    "Swings out to read by and folds flat to sleep by. The switch is where your hand already is.",
			Material: "Blackened brass", Size: "Reach 46 cm", Light: "E14, 2700 K, dimmable",
			Alt: "Black swing-arm wall light with a cone shade beside a headboard",
		},
		{
			ID: "solstice", Name: "Solstice", Category: "wall", Price: 159_00,
			Line:     "An eclipse on your wall, every evening.",
			Story:    "A disc of dark slate floats a hand's breadth before the wall and hides the source. All that is left is the corona.",
			Material: "Slate, steel", Size: "40 cm across", Light: "LED 14 W, 2200 K, dimmable",
			Alt: "Dark disc on a wall with a ring of warm light around it",
		},
	}
}

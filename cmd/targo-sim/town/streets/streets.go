// Package streets invents the streets of the simulated town: a grid in every
// place, country roads with bends between them, a river beside. The same places
// always get the same streets, so that the map, the houses and the trucks agree.
// No street is a real one. It calls nothing and remembers nothing.
//
// streets.go lays them out, way.go finds the way along them.
package streets

import (
	"math"
	"math/rand/v2"
)

// Point is a place in degrees.
type Point struct{ Lat, Lon float64 }

// What a line is.
const (
	Street = "street"
	Road   = "road"
	River  = "river"
)

// Line is one street, road or river from end to end.
type Line struct {
	Kind   string
	Points []Point
}

// The grid of a place, in metres.
const (
	along, across = 6, 5 // streets in either direction
	blockLength   = 150.0
	blockWidth    = 105.0
	wobble        = 9.0   // how far a crossing is from where a ruler would put it
	bendEach      = 260.0 // between two bends of a country road
	bendWidth     = 420.0
)

// Map is what was laid out.
type Map struct {
	lines  []Line
	nodes  []Point
	edges  []edge
	beside [][]int // edges at each node
	towns  []town
}

// edge is a piece of a street between two nodes.
type edge struct{ a, b int }

// town is the part of the map that belongs to one place.
type town struct {
	crossings [along][across]int
	first     int // of its edges
	past      int
}

// Lay puts a grid around every place and a road between each pair of them (by
// their numbers); places without a road can be reached only from within.
func Lay(places []Point, roads [][2]int) *Map {
	m := &Map{}
	rng := rand.New(rand.NewPCG(uint64(len(places)), 1987)) //nolint:gosec // not a secret
	for _, at := range places {
		m.grid(at, rng)
	}
	for _, pair := range roads {
		m.road(pair[0], pair[1], rng)
	}
	return m
}

// Lines are all streets, roads and rivers.
func (m *Map) Lines() []Line { return m.lines }

// House is the n-th house of a place, some steps beside a street.
func (m *Map) House(place, n int) Point {
	t := m.towns[place]
	e := m.edges[t.first+(n*11+3)%(t.past-t.first)]
	a, b := m.nodes[e.a], m.nodes[e.b]
	share := 0.25 + 0.5*float64(n*5%7)/7
	at := Point{a.Lat + (b.Lat-a.Lat)*share, a.Lon + (b.Lon-a.Lon)*share}
	dx, dy := plane(a, b)
	length := math.Hypot(dx, dy)
	return round(moved(at, -dy/length*14, dx/length*14))
}

// grid lays out a place, turned by some angle as old places are.
func (m *Map) grid(at Point, rng *rand.Rand) {
	turn := rng.Float64() * math.Pi / 2
	sin, cos := math.Sincos(turn)
	t := town{first: len(m.edges)}
	for i := range along {
		for j := range across {
			x := (float64(i)-float64(along-1)/2)*blockLength + wobble*(rng.Float64()*2-1)
			y := (float64(j)-float64(across-1)/2)*blockWidth + wobble*(rng.Float64()*2-1)
			t.crossings[i][j] = m.node(moved(at, x*cos-y*sin, x*sin+y*cos))
		}
	}
	for i := range along {
		m.street(Street, t.crossings[i][:])
	}
	for j := range across {
		row := make([]int, along)
		for i := range along {
			row[i] = t.crossings[i][j]
		}
		kind := Street
		if j == across/2 {
			kind = Road // the main street
		}
		m.street(kind, row)
	}
	t.past = len(m.edges)
	m.towns = append(m.towns, t)
}

// road joins the main streets of two places by a road with bends, and has a river
// run along it.
func (m *Map) road(from, to int, rng *rand.Rand) {
	a, b := m.ends(from, to)
	start, end := m.nodes[a], m.nodes[b]
	dx, dy := plane(start, end)
	length := math.Hypot(dx, dy)
	pieces := max(2, int(length/bendEach))
	phase, second := rng.Float64()*2*math.Pi, rng.Float64()*2*math.Pi
	nodes, river := []int{a}, []Point{}
	for i := 1; i < pieces; i++ {
		share := float64(i) / float64(pieces)
		side := bendWidth * math.Sin(math.Pi*share) * (math.Sin(phase+share*9) + 0.4*math.Sin(second+share*23)) / 1.4
		at := moved(start, dx*share-dy/length*side, dy*share+dx/length*side)
		nodes = append(nodes, m.node(at))
		bank := side + 330 + 120*math.Sin(phase+share*14)
		river = append(river, round(moved(start, dx*share-dy/length*bank, dy*share+dx/length*bank)))
	}
	m.street(Road, append(nodes, b))
	m.lines = append(m.lines, Line{River, river})
}

// ends are the two ends of the main streets that look at each other.
func (m *Map) ends(from, to int) (a, b int) {
	best := math.Inf(1)
	for _, i := range m.gates(from) {
		for _, j := range m.gates(to) {
			if d := Metres(m.nodes[i], m.nodes[j]); d < best {
				best, a, b = d, i, j
			}
		}
	}
	return a, b
}

func (m *Map) gates(place int) []int {
	crossings := m.towns[place].crossings
	return []int{crossings[0][across/2], crossings[along-1][across/2]}
}

func (m *Map) node(p Point) int {
	m.nodes = append(m.nodes, round(p))
	m.beside = append(m.beside, nil)
	return len(m.nodes) - 1
}

// street joins nodes one after the other.
func (m *Map) street(kind string, nodes []int) {
	line := Line{Kind: kind}
	for i, n := range nodes {
		line.Points = append(line.Points, m.nodes[n])
		if i > 0 {
			m.beside[nodes[i-1]] = append(m.beside[nodes[i-1]], len(m.edges))
			m.beside[n] = append(m.beside[n], len(m.edges))
			m.edges = append(m.edges, edge{nodes[i-1], n})
		}
	}
	m.lines = append(m.lines, line)
}

// degree is how many metres a degree of latitude has.
const degree = 111_195.0

// plane is how far b lies to the east and to the north of a, in metres; good
// enough over the distance of a day's work.
func plane(a, b Point) (east, north float64) {
	return (b.Lon - a.Lon) * degree * math.Cos((a.Lat+b.Lat)/2*math.Pi/180), (b.Lat - a.Lat) * degree
}

// moved is the place so many metres to the east and north.
func moved(p Point, east, north float64) Point {
	return Point{p.Lat + north/degree, p.Lon + east/degree/math.Cos(p.Lat*math.Pi/180)}
}

// round keeps a decimetre.
func round(p Point) Point { return Point{math.Round(p.Lat*1e6) / 1e6, math.Round(p.Lon*1e6) / 1e6} }

// Metres is the straight distance between two places.
func Metres(a, b Point) float64 {
	east, north := plane(a, b)
	return math.Hypot(east, north)
}

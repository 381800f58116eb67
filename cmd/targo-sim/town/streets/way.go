package streets

import (
	"math"
	"slices"
)

// Way is how a truck gets from one place to another: from the street nearest to
// the first to the street nearest to the second, along the shortest streets. It
// is nil when no road leads there.
func (m *Map) Way(from, to Point) []Point {
	start, end := m.nearest(from), m.nearest(to)
	if start.edge == end.edge {
		return []Point{start.at, end.at}
	}
	before, cost := m.spread(start)
	best, last := math.Inf(1), -1
	for _, n := range m.edges[end.edge].ends() {
		if total := cost[n] + Metres(m.nodes[n], end.at); total < best {
			best, last = total, n
		}
	}
	if last < 0 {
		return nil
	}
	way := []Point{end.at}
	for n := last; n >= 0; n = before[n] {
		way = append(way, m.nodes[n])
	}
	way = append(way, start.at)
	slices.Reverse(way)
	return way
}

// Length is how long a way is, in metres.
func Length(way []Point) (total float64) {
	for i := 1; i < len(way); i++ {
		total += Metres(way[i-1], way[i])
	}
	return total
}

// After is what is left of a way when so many metres are driven; at least its end.
func After(way []Point, metres float64) []Point {
	for i := 1; i < len(way); i++ {
		piece := Metres(way[i-1], way[i])
		if metres < piece {
			share := metres / piece
			a, b := way[i-1], way[i]
			here := Point{a.Lat + (b.Lat-a.Lat)*share, a.Lon + (b.Lon-a.Lon)*share}
			return append([]Point{here}, way[i:]...)
		}
		metres -= piece
	}
	return way[max(0, len(way)-1):]
}

func (e edge) ends() [2]int { return [2]int{e.a, e.b} }

// foot is the point of a street that is nearest to some place.
type foot struct {
	edge int
	at   Point
}

func (m *Map) nearest(p Point) foot {
	best, found := math.Inf(1), foot{}
	for i, e := range m.edges {
		a, b := m.nodes[e.a], m.nodes[e.b]
		dx, dy := plane(a, b)
		px, py := plane(a, p)
		share := min(1, max(0, (px*dx+py*dy)/(dx*dx+dy*dy)))
		at := Point{a.Lat + (b.Lat-a.Lat)*share, a.Lon + (b.Lon-a.Lon)*share}
		if d := Metres(at, p); d < best {
			best, found = d, foot{i, at}
		}
	}
	return found
}

// spread finds the cost in metres of getting to every node (Dijkstra), and the
// node before each; -1 stands before those that are reached first.
func (m *Map) spread(start foot) (before []int, cost []float64) {
	before, cost = make([]int, len(m.nodes)), make([]float64, len(m.nodes))
	for n := range cost {
		before[n], cost[n] = -1, math.Inf(1)
	}
	for _, n := range m.edges[start.edge].ends() {
		cost[n] = Metres(start.at, m.nodes[n])
	}
	done := make([]bool, len(m.nodes))
	for {
		here := -1
		for n := range cost {
			if !done[n] && !math.IsInf(cost[n], 1) && (here < 0 || cost[n] < cost[here]) {
				here = n
			}
		}
		if here < 0 {
			return before, cost
		}
		done[here] = true
		for _, i := range m.beside[here] {
			next := m.edges[i].a + m.edges[i].b - here
			if total := cost[here] + Metres(m.nodes[here], m.nodes[next]); total < cost[next] {
				before[next], cost[next] = here, total
			}
		}
	}
}

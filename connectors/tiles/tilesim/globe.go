package tilesim

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// size is how many points a tile has on each side.
const size = 256

// tile is a square of the map: at level z the world has 2^z of them on each side,
// counted from the north-west.
type tile struct{ z, x, y int }

func (t tile) String() string { return fmt.Sprintf("%d/%d/%d", t.z, t.x, t.y) }

// tileOf reads /{z}/{x}/{y}.png; there is none outside of the world.
func tileOf(r *http.Request) (tile, bool) {
	row, named := strings.CutSuffix(r.PathValue("y"), ".png")
	var t tile
	for part, text := range map[*int]string{&t.z: r.PathValue("z"), &t.x: r.PathValue("x"), &t.y: row} {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || strconv.Itoa(n) != text {
			return tile{}, false
		}
		*part = n
	}
	return t, named && t.z <= deepest && t.x < 1<<t.z && t.y < 1<<t.z
}

// dot is a place on a tile, in points from its north-west corner.
type dot struct{ x, y float64 }

// on is where a place lies, seen from a tile (spherical Mercator).
func (t tile) on(lat, lon float64) dot {
	world := float64(int(size) << t.z)
	phi := lat * math.Pi / 180
	return dot{
		x: (lon+180)/360*world - float64(t.x*size),
		y: (1-math.Asinh(math.Tan(phi))/math.Pi)/2*world - float64(t.y*size),
	}
}

// near tells whether a place with so many points around it touches the tile.
func (d dot) near(margin float64) bool {
	return d.x > -margin && d.y > -margin && d.x < size+margin && d.y < size+margin
}

// crosses tells whether the rectangle around a piece of a line touches the tile.
func crosses(a, b dot, margin float64) bool {
	return max(a.x, b.x) > -margin && max(a.y, b.y) > -margin && min(a.x, b.x) < size+margin && min(a.y, b.y) < size+margin
}

package labelpress

import (
	"image"
	"math"
	"math/rand/v2"
)

// view is how a label is seen.
type view struct {
	angle   float64 // radians
	module  float64 // pixels
	blur    float64 // sigma in pixels
	noise   float64 // sigma in levels
	aslant  float64 // change of size from one end of the label to the other
	ink     float64 // level of black
	white   float64 // level of paper
	falloff float64 // share of light lost across the photo
}

func (o Order) view(dice *rand.Rand) view {
	between := func(low, high float64) float64 { return low + (high-low)*dice.Float64() }
	v := view{
		angle: between(0, 2*math.Pi), module: between(3, 4), blur: 0.6, noise: 8, aslant: between(-0.05, 0.05),
		ink: between(25, 55), white: between(205, 235), falloff: between(0, 0.25),
	}
	switch o.Tier {
	case Easy:
		v.angle, v.module, v.blur, v.noise, v.aslant = between(-3, 3)*math.Pi/180, 3.5, 0.4, 3, 0
	case Rot:
	case Mid:
		v.module, v.blur = 3, between(0.8, 1.2)
	case Hard:
		v.module, v.blur, v.noise, v.aslant = between(2.2, 3), between(1, 1.9), 14, between(-0.1, 0.1)
	case Dark:
		v.ink, v.white = v.ink/4, v.white/4
		v.noise = 4
	case Skew:
		v.aslant = between(0.15, 0.3)
	default:
		panic("no such tier: " + o.Tier)
	}
	return v
}

// shot takes a photo of a label.
func shot(dice *rand.Rand, p paper, order Order) *image.Gray {
	v := order.view(dice)
	width, height := order.Width, order.Height
	toPaper := placed(dice, p, v, width, height)
	light := make([]float32, width*height)
	table := [2]float64{dice.Float64() * 6, dice.Float64() * 6}
	desk := v.ink + (v.white-v.ink)*(0.3+0.3*dice.Float64())
	tilt := dice.Float64() * 2 * math.Pi
	for y := range height {
		for x := range width {
			level, on := p.seen(toPaper, x, y)
			if on < 1 {
				fx, fy := float64(x)/float64(width), float64(y)/float64(height)
				wood := desk * (1 + 0.12*math.Sin(9*fx+table[0]+3*math.Sin(4*fy+table[1])))
				level += (1 - on) * (wood - v.ink) / (v.white - v.ink)
			}
			far := (float64(x)/float64(width)-0.5)*math.Cos(tilt) + (float64(y)/float64(height)-0.5)*math.Sin(tilt)
			light[y*width+x] = float32((v.ink + (v.white-v.ink)*level) * (1 - v.falloff*(far+0.5)))
		}
	}
	blur(light, width, height, v.blur)
	out := image.NewGray(image.Rect(0, 0, width, height))
	for i, level := range light {
		out.Pix[i] = uint8(min(max(float64(level)+dice.NormFloat64()*v.noise+0.5, 0), 255))
	}
	return out
}

// projection takes a point of the photo to a dot of the paper.
type projection [9]float64

// placed lays the label somewhere in the photo where all of it is seen.
func placed(dice *rand.Rand, p paper, v view, width, height int) projection {
	w, h := float64(p.Rect.Dx()), float64(p.Rect.Dy())
	scale := v.module / dots
	cos, sin := math.Cos(v.angle), math.Sin(v.angle)
	lean := dice.Float64() * 2 * math.Pi
	reach := math.Hypot(w, h) / 2
	g, k := v.aslant*math.Cos(lean)/reach/2, v.aslant*math.Sin(lean)/reach/2
	// Half of what the label covers, to keep it inside.
	spanX := (math.Abs(cos)*w + math.Abs(sin)*h) / 2 * scale * (1 + math.Abs(v.aslant))
	spanY := (math.Abs(sin)*w + math.Abs(cos)*h) / 2 * scale * (1 + math.Abs(v.aslant))
	cx, cy := float64(width)/2, float64(height)/2
	cx += (2*dice.Float64() - 1) * max(cx-spanX, 0)
	cy += (2*dice.Float64() - 1) * max(cy-spanY, 0)
	// From centred dots to the photo, with the perspective in the last row.
	m := projection{
		scale*cos + cx*g, -scale*sin + cx*k, cx,
		scale*sin + cy*g, scale*cos + cy*k, cy,
		g, k, 1,
	}
	inverse := m.inverse()
	for i := range 3 { // the paper's own origin is a corner
		inverse[i] += w / 2 * inverse[6+i]
		inverse[3+i] += h / 2 * inverse[6+i]
	}
	return inverse
}

func (m projection) inverse() projection {
	return projection{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
}

// seen averages sixteen dots of the paper under a pixel. on is how much of the
// pixel is paper; level is 0 for ink and 1 for white.
func (p paper) seen(m projection, x, y int) (level, on float64) {
	const fine = 4
	z := m[6]*float64(x) + m[7]*float64(y) + m[8]
	u := (m[0]*float64(x) + m[1]*float64(y) + m[2]) / z
	v := (m[3]*float64(x) + m[4]*float64(y) + m[5]) / z
	if u < -2*dots || v < -2*dots || u > float64(p.Rect.Dx()+2*dots) || v > float64(p.Rect.Dy()+2*dots) {
		return 0, 0
	}
	for i := range fine * fine {
		fx := float64(x) + (float64(i%fine)+0.5)/fine - 0.5
		fy := float64(y) + (float64(i/fine)+0.5)/fine - 0.5
		z := m[6]*fx + m[7]*fy + m[8]
		at := image.Pt(int(math.Floor((m[0]*fx+m[1]*fy+m[2])/z)), int(math.Floor((m[3]*fx+m[4]*fy+m[5])/z)))
		if at.In(p.Rect) {
			level += float64(p.Pix[at.Y*p.Stride+at.X]) / 255
			on++
		}
	}
	return level / (fine * fine), on / (fine * fine)
}

// blur is Gaussian.
func blur(light []float32, width, height int, sigma float64) {
	reach := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*reach+1)
	var sum float32
	for i := range kernel {
		kernel[i] = float32(math.Exp(-float64((i-reach)*(i-reach)) / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	other := make([]float32, len(light))
	pass := func(from, to []float32, step, length, lines, stride int) {
		for line := range lines {
			for i := range length {
				var level float32
				for k, share := range kernel {
					level += share * from[line*stride+min(max(i+k-reach, 0), length-1)*step]
				}
				to[line*stride+i*step] = level / sum
			}
		}
	}
	pass(light, other, 1, width, height, width)
	pass(other, light, width, height, width, 1)
}

package customer

import "time"

type mintInput struct {
	Job string `path:"job" maxLength:"140" doc:"Name of the work order (Dispatch Job)"`
}

type mintOutput struct{ Body Minted }

// Minted is a link.
type Minted struct {
	Job       string    `json:"job"`
	Code      string    `json:"code" example:"7dkq2m8xwz0c4h5t"`
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at" doc:"At the latest; 24 hours after the visit is over, if that is sooner"`
	State     string    `json:"state" enum:"scheduled,on_the_way,arrived,in_progress,delayed,done,cancelled"`
}

type stateInput struct {
	Code string `path:"code" doc:"The code of the link"`
	Lang string `query:"lang" enum:"fr,en" doc:"Of the text; the customer's when left out"`
}

type stateOutput struct {
	Cache  string `header:"Cache-Control"`
	Robots string `header:"X-Robots-Tag"`
	Body   Standing
}

// Standing is how a visit stands, as its customer may know it.
type Standing struct {
	State      string      `json:"state" enum:"scheduled,on_the_way,arrived,in_progress,delayed,done,cancelled"`
	Late       bool        `json:"late" doc:"On the way, but not there before the window ends"`
	Technician *Technician `json:"technician" doc:"From on_the_way until in_progress, else null"`
	Window     *Window     `json:"window" doc:"When the technician was promised for; null when nobody gave an hour"`
	ETA        *ETA        `json:"eta" doc:"Only on_the_way; null while nobody knows"`
	Position   *Position   `json:"position" doc:"Only on_the_way; null while it must not be shown, or nobody knows"`
	Place      *Place      `json:"place" doc:"Where the visit is, as roughly; only beside a position"`
	Sketch     *Sketch     `json:"sketch" doc:"The position for pages without a map; only beside a position"`
	UpdatedAt  time.Time   `json:"updated_at"`
	Refresh    int         `json:"refresh_s" doc:"Seconds after which to ask again; 0: it need not be asked again"`
	Text       Text        `json:"text"`
}

// Technician is who comes.
type Technician struct {
	FirstName string `json:"first_name"`
	Photo     bool   `json:"photo" doc:"There is one: GET /track/{code}/photo"`
}

// Window is from when to when somebody was promised.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// ETA is when the technician comes.
type ETA struct {
	At      time.Time `json:"at"`
	Minutes int       `json:"minutes" doc:"From now; to five minutes above ten"`
}

// Position is where the truck is, on a grid of 0.001 degrees (some 100 m).
type Position struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	AgeS int     `json:"age_s"`
}

// Place is a point of the same grid.
type Place struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Sketch is the position in a square of 200 by 200, the visit in the middle, north up.
type Sketch struct {
	X       int    `json:"x"`
	Y       int    `json:"y"`
	ReachKm string `json:"reach_km" doc:"From the middle to the outer ring"`
}

// Text is the same in words.
type Text struct {
	Headline string `json:"headline"`
	Detail   string `json:"detail"`
	Window   string `json:"window"`
	ETA      string `json:"eta"`
	Distance string `json:"distance"`
	AsOf     string `json:"as_of"`
}

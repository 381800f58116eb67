package console

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// board is all that the page says.
type board struct {
	T, Said       words // all words, and those of the script
	Lang          hub.Lang
	Now           string // the time of day
	Fresh, Stale  int    // seconds up to which a position is where somebody is, and where he was
	Group         string // shown alone; "" for all
	Groups        []string
	Technicians   []man
	Jobs          []work
	Unread        bool   // ERPNext was never read: the lists are not empty, they are unknown
	Upstream      string // what is wrong with the source of positions; "" when nothing is
	Map           string // address of the module that draws maps
	Tiles, Credit string
	Stream        string // address of the positions' stream; "" for none
}

// board reads all there is, for one group or for everybody.
func (s *Console) board(lang hub.Lang, group string) board {
	T := s.words[lang]
	say := speech{T, lang, s.Now()}
	b := board{
		T: T, Said: said(T), Lang: lang, Now: say.hour(say.now), Fresh: int(fix.FreshFor / time.Second), Stale: int(fix.StaleFor / time.Second), Group: group,
		Unread: s.Agenda.AsOf().IsZero(), Map: s.Leaflet.URL("map.js"), Stream: "/gps/stream",
	}
	if s.Tiles {
		b.Tiles, b.Credit = "/tiles/{z}/{x}/{y}", s.Attribution
	}
	if group != "" {
		b.Stream += "?group=" + escaped(group)
	}
	if s.Off {
		b.Stream = ""
	}
	b.Upstream = s.trouble(say)
	last := latest(s.Fleet.All())
	technicians := everybody(s.Agenda.Technicians(), last)
	for _, t := range technicians {
		if t.Group != "" && !slices.Contains(b.Groups, t.Group) {
			b.Groups = append(b.Groups, t.Group)
		}
	}
	slices.Sort(b.Groups)
	visits := s.Agenda.Jobs()
	slices.SortStableFunc(visits, soonest)
	names, inGroup := map[string]string{}, map[string]bool{}
	for _, t := range technicians {
		names[t.Name], inGroup[t.Name] = t.FullName, t.Group == group
		if _, heard := last[t.Name]; (group == "" || t.Group == group) && (t.Active || heard || works(visits, t.Name)) {
			b.Technicians = append(b.Technicians, manOf(say, t, last[t.Name], visits))
		}
	}
	for _, v := range visits {
		if group == "" || v.Group == group || inGroup[v.Technician] {
			b.Jobs = append(b.Jobs, workOf(say, v, names))
		}
	}
	letters := collate.New(language.French) // Émile stands before Zoé, in English too
	slices.SortStableFunc(b.Technicians, func(a, b man) int { return letters.CompareString(a.FullName, b.FullName) })
	return b
}

// said are the words that the page's script needs.
func said(T words) words {
	some := words{}
	for _, name := range []string{"ago", "days", "moving", "stopped", "stale", "lost", "none", "show", "cut", "left"} {
		some[name] = T[name]
	}
	return some
}

// trouble says what is wrong with the source of positions, and since when.
func (s *Console) trouble(say speech) string {
	if s.Off {
		return say.T["upstream.none"]
	}
	state, since := s.Upstream()
	if state == "" || state == "connected" {
		return ""
	}
	text := cmp.Or(say.T["upstream."+state], say.T["upstream.away"])
	if !since.IsZero() {
		text += " " + fmt.Sprintf(say.T["since"], say.hour(since))
	}
	return text
}

// latest gives the newest fix of each technician.
func latest(all []fix.Fix) map[string]fix.Fix {
	last := map[string]fix.Fix{}
	for _, f := range all {
		if before, known := last[f.Technician]; f.Technician != "" && (!known || f.Newer(before)) {
			last[f.Technician] = f
		}
	}
	return last
}

// everybody adds to the technicians of the agenda those of whom only a position is
// known: ERPNext may be away.
func everybody(technicians []agenda.Technician, last map[string]fix.Fix) []agenda.Technician {
	known := map[string]bool{}
	for i, t := range technicians {
		known[t.Name] = true
		technicians[i].FullName = cmp.Or(t.FullName, t.Name)
	}
	for name, f := range last {
		if !known[name] {
			technicians = append(technicians, agenda.Technician{Name: name, FullName: cmp.Or(f.Name, name), Group: f.Group, Active: true})
		}
	}
	return technicians
}

// soonest puts first what begins first; what nobody gave an hour after that, and
// what is over behind all.
func soonest(a, b agenda.Visit) int {
	return cmp.Or(rank(a.Final())-rank(b.Final()), rank(a.From.IsZero())-rank(b.From.IsZero()), a.From.Compare(b.From))
}

func rank(later bool) int {
	if later {
		return 1
	}
	return 0
}

func works(visits []agenda.Visit, technician string) bool {
	return slices.ContainsFunc(visits, func(v agenda.Visit) bool { return v.Technician == technician })
}

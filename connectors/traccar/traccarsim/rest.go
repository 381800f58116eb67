package traccarsim

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

func (s *Sim) showServer(w http.ResponseWriter, _ *http.Request) {
	simkit.WriteJSON(w, http.StatusOK, map[string]any{
		"id": 1, "attributes": map[string]any{}, "registration": false, "readonly": false, "version": "6.14.5", "newServer": false,
	})
}

// listDevices gives those that the user is linked to, by name, or those that are
// asked for; what does not exist is left out.
func (s *Sim) listDevices(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	all := query.Get("all") == "true"
	if all && !s.opts.Admin {
		refuse(w, http.StatusBadRequest, "java.lang.SecurityException: Administrator access required")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []wire.Device{}
	for _, u := range s.units {
		asked := !query.Has("id") && !query.Has("uniqueId") ||
			slices.Contains(query["id"], strconv.FormatInt(u.ID, 10)) || slices.Contains(query["uniqueId"], u.UniqueID)
		if asked && (all || !u.Unlinked) {
			list = append(list, u.wire(s.now()))
		}
	}
	slices.SortFunc(list, func(a, b wire.Device) int {
		if by := strings.Compare(a.Name, b.Name); by != 0 {
			return by
		}
		return int(a.ID - b.ID)
	})
	simkit.WriteJSON(w, http.StatusOK, page(list, query))
}

// saveDevice registers a device, whose user is linked to it, or writes one anew as a
// whole.
func (s *Sim) saveDevice(w http.ResponseWriter, r *http.Request) {
	var in struct{ UniqueID, Name, Category, Contact string }
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	u, other := s.units[id], s.byName[in.UniqueID]
	s.mu.Unlock()
	switch {
	case r.PathValue("id") != "" && (u == nil || u.Unlinked):
		refuse(w, http.StatusBadRequest, "java.lang.SecurityException: Device access denied")
		return
	case in.UniqueID == "" || in.Name == "" || other != nil && other != u:
		refuse(w, http.StatusBadRequest, "java.sql.SQLIntegrityConstraintViolationException: (tc_devices.uniqueid)")
		return
	case u == nil:
		s.Add(Device{UniqueID: in.UniqueID, Name: in.Name, Category: in.Category, Contact: in.Contact})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if u != nil {
		delete(s.byName, u.UniqueID)
		u.UniqueID, u.Name, u.Category, u.Contact = in.UniqueID, in.Name, in.Category, in.Contact
		s.byName[u.UniqueID] = u
	}
	simkit.WriteJSON(w, http.StatusOK, s.byName[in.UniqueID].wire(s.now()))
}

func (s *Sim) dropDevice(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.units[id]
	if u == nil {
		refuse(w, http.StatusBadRequest, "java.lang.SecurityException: Device access denied")
		return
	}
	delete(s.units, id)
	delete(s.byName, u.UniqueID)
	delete(s.trips, id)
	w.WriteHeader(http.StatusNoContent)
}

// link links the user to a device, or ends that; of other things it takes note of none.
func (s *Sim) link(w http.ResponseWriter, r *http.Request) {
	var in map[string]int64
	if !simkit.ReadJSON(w, r, &in) {
		return
	}
	if len(in) != 2 {
		refuse(w, http.StatusBadRequest, "java.lang.IllegalArgumentException: Invalid permission")
		return
	}
	s.mu.Lock()
	if u := s.units[in["deviceId"]]; u != nil && in["userId"] == 1 {
		u.Unlinked = r.Method == http.MethodDelete
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// page is what is asked for of a list: by a word of it, and from one entry on.
func page(list []wire.Device, query url.Values) []wire.Device {
	if word := strings.ToLower(query.Get("keyword")); word != "" {
		list = slices.DeleteFunc(list, func(d wire.Device) bool {
			return !strings.Contains(strings.ToLower(d.Name+" "+d.UniqueID), word)
		})
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	list = list[min(max(offset, 0), len(list)):]
	if limit, _ := strconv.Atoi(query.Get("limit")); limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return list
}

// listPositions gives the latest of every device, positions by number, the latest of
// one device, or those of one device between two times.
func (s *Sim) listPositions(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !query.Has("id") && !query.Has("deviceId") {
		simkit.WriteJSON(w, http.StatusOK, s.latest())
		return
	}
	if query.Has("id") {
		simkit.WriteJSON(w, http.StatusOK, s.numbered(query["id"]))
		return
	}
	s.history(w, query, !query.Has("from") || !query.Has("to"))
}

func (s *Sim) latest() []wire.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latestLocked()
}

func (s *Sim) latestLocked() []wire.Position {
	list := make([]wire.Position, 0, len(s.units))
	for _, u := range s.units {
		if u.last != nil && !u.Unlinked {
			list = append(list, u.last.Position)
		}
	}
	slices.SortFunc(list, func(a, b wire.Position) int { return int(a.ID - b.ID) })
	return list
}

func (s *Sim) numbered(ids []string) []wire.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []wire.Position{}
	for _, u := range s.units {
		for _, r := range u.history {
			if !u.Unlinked && slices.Contains(ids, strconv.FormatInt(r.ID, 10)) {
				list = append(list, r.Position)
			}
		}
	}
	return list
}

// reportRoute is JSON for who asks for that, and a spreadsheet for others.
func (s *Sim) reportRoute(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		_, _ = io.WriteString(w, "PK\x03\x04 a simulated spreadsheet")
		return
	}
	s.history(w, r.URL.Query(), false)
}

// history gives the latest of devices, or all of theirs between two times.
func (s *Sim) history(w http.ResponseWriter, query url.Values, lastOnly bool) {
	from, err1 := time.Parse(time.RFC3339, query.Get("from"))
	to, err2 := time.Parse(time.RFC3339, query.Get("to"))
	if !lastOnly && (err1 != nil || err2 != nil) {
		refuse(w, http.StatusBadRequest, "java.lang.IllegalArgumentException: Invalid date")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []wire.Position{}
	for _, text := range query["deviceId"] {
		id, _ := strconv.ParseInt(text, 10, 64)
		u := s.units[id]
		if u == nil || u.Unlinked {
			refuse(w, http.StatusBadRequest, "java.lang.SecurityException: Device access denied")
			return
		}
		if !lastOnly {
			list = append(list, u.between(from, to)...)
		} else if u.last != nil {
			list = append(list, u.last.Position)
		}
	}
	simkit.WriteJSON(w, http.StatusOK, list)
}

// view is what GET /_sim/state shows.
type view struct {
	Devices   []wire.Device   `json:"devices"`
	Positions map[int64]Place `json:"positions"` // the truth
	sockets                   // also as members of their own
	Sockets   sockets         `json:"sockets"`
	Forwarded int64           `json:"forwarded"`
	Lost      int64           `json:"lost"`
}

// sockets counts live connections.
type sockets struct {
	Open int `json:"open"` // now
	Ever int `json:"ever"`
	Peak int `json:"peak"` // at once
}

func (s *Sim) state() any {
	v := view{Positions: s.Truth(), Sockets: sockets{Peak: s.Peak()}}
	v.Forwarded, v.Lost = s.post.Counts()
	v.Sockets.Open, v.Sockets.Ever = s.Sockets()
	v.sockets = v.Sockets
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.units {
		v.Devices = append(v.Devices, u.wire(s.now()))
	}
	slices.SortFunc(v.Devices, func(a, b wire.Device) int { return int(a.ID - b.ID) })
	return v
}

func (s *Sim) listGeofences(w http.ResponseWriter, _ *http.Request) {
	list := slices.Clone(s.opts.Geofences)
	if list == nil {
		list = []wire.Geofence{}
	}
	simkit.WriteJSON(w, http.StatusOK, list)
}

// refuseStatus answers a status as Traccar does: 401 with nothing, others with a
// stack trace.
func refuseStatus(w http.ResponseWriter, r *http.Request, status int) {
	if status != http.StatusUnauthorized {
		refuse(w, status, "jakarta.ws.rs.WebApplicationException: HTTP "+strconv.Itoa(status)+" "+http.StatusText(status))
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("WWW-Authenticate", "Basic realm=\"api\"")
	}
	w.WriteHeader(status)
}

// refuse answers with a stack trace, whatever was asked for.
func refuse(w http.ResponseWriter, status int, cause string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, cause+"\n"+
		"\tat org.traccar.api.security.PermissionsService.checkPermission(PermissionsService.java:187)\n"+
		"\tat org.traccar.api.resource.DeviceResource.get(DeviceResource.java:112)\n"+
		"\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)\n\t... 53 more (traccar-db-01.lan:3306)\n")
}

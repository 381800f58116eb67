package mailjetsim

import (
	"net/http"
	"strings"
)

// senderRow is an address, or with a star a whole domain, that mail may come from.
type senderRow struct {
	ID     int64
	Email  string
	Name   string
	Status string // Active once it was confirmed
}

func (s *Sim) listSenders(w http.ResponseWriter, _ *http.Request) {
	rows := []senderRow{}
	for i, allowed := range s.opts.Senders {
		if strings.HasPrefix(allowed, "@") {
			allowed = "*" + allowed
		}
		rows = append(rows, senderRow{ID: int64(i + 1), Email: allowed, Status: "Active"})
	}
	writeRows(w, http.StatusOK, rows)
}

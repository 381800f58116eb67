package inboxtest

import (
	"bytes"
	"net/http"
	"testing"
	"time"
)

func (s Specimen) tryUnproven(t *testing.T) {
	h := s.house(t)
	for name, spoil := range s.wrongs() {
		header := s.Prove(s.Good, time.Now())
		spoil(s.Good, header)
		got := h.Send(http.MethodPost, s.Source.Paths[0], header, s.Good)
		if got.Code != 401 || got.Problem != "signature-invalid" || got.Detail == "" {
			t.Errorf("%s: answered %+v", name, got)
		}
	}
	s.nothing(h, "unproven")
}

// tryEveryBit changes one bit of the body and of its proof at a time.
func (s Specimen) tryEveryBit(t *testing.T) {
	header := s.Prove(s.Good, time.Now())
	proof := header.Get(s.Proof)
	if err := s.verify(header, s.Good); err != nil {
		t.Fatalf("the good one was refused: %v", err)
	}
	for _, changed := range flips([]byte(proof)) {
		header.Set(s.Proof, string(changed))
		if err := s.verify(header, s.Good); !unauthenticated(err) && !s.alike(proof, string(changed)) {
			t.Errorf("the proof %q was answered %v", changed, err)
		}
	}
	if s.Unsigned {
		return
	}
	header.Set(s.Proof, proof)
	for _, changed := range flips(s.Good) {
		if err := s.verify(header, changed); !unauthenticated(err) && !s.alike(string(s.Good), string(changed)) {
			t.Errorf("the body %q was answered %v", changed, err)
		}
	}
}

// flips returns a copy for each bit, with that bit turned.
func flips(whole []byte) [][]byte {
	var list [][]byte
	for i := range len(whole) * 8 {
		changed := bytes.Clone(whole)
		changed[i/8] ^= 1 << (i % 8)
		list = append(list, changed)
	}
	return list
}

func (s Specimen) tryAge(t *testing.T) {
	if s.Window == 0 {
		return
	}
	h := s.house(t)
	for _, age := range []time.Duration{s.Window + time.Second, -s.Window - 2*time.Second} {
		got := h.Send(http.MethodPost, s.Source.Paths[0], s.Prove(s.Good, time.Now().Add(-age)), s.Good)
		if got.Code != 401 {
			t.Errorf("a proof of age %s was answered %+v", age, got)
		}
	}
	s.nothing(h, "too old or too new")
	for _, age := range []time.Duration{s.Window - 20*time.Second, 20*time.Second - s.Window} {
		got := h.Send(http.MethodPost, s.Source.Paths[0], s.Prove(s.Good, time.Now().Add(-age)), s.Good)
		if got.Code >= 300 {
			t.Errorf("a proof of age %s, inside the window, was answered %+v", age, got)
		}
	}
}

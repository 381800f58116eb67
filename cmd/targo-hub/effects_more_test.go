package main

import (
	"net/http"
	"net/url"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

// TestVisitGoesOnAfterUpsets: releasing the next job and telling the customer fail
// once each, and are done in the end; what a visit must answer is asked for before
// anything happens, and a finished job comes back to life for a person with a
// reason only.
func TestVisitGoesOnAfterUpsets(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	w.put(t, "Checklist Template", m{"template_name": "Téléphone", "job_type": "Telephony", "items": []any{
		m{"label": "Tonalité", "required": 1, "answer_type": "check"}, m{"label": "Remarque", "required": 0, "answer_type": "text"},
	}})
	s := w.sold(t, h, "phone_service")
	first, job := s.jobs["number"], s.jobs["phone"]
	answered := m{"checklist": []any{m{"label": "Tonalité", "value": "oui"}}}

	h.move(t, first, "In Progress", nil)
	h.refused(t, m{"job": first, "status": "Completed"}, http.StatusUnprocessableEntity, "checklist-open")
	h.refused(t, m{"job": first, "status": "Completed", "checklist": []any{m{"label": "Autre", "value": "oui"}}}, http.StatusUnprocessableEntity, "invalid")
	w.site.Fault().Fail(simkit.Fault{Status: http.StatusExpectationFailed, Match: "PUT /api/resource/Dispatch Job/" + job})
	h.move(t, first, "Completed", answered)
	h.awaitUpset(t, first, "unblock")
	h.awaitEffect(t, first, "unblock")
	h.told(t, "job-unblocked", job, 1)
	if got := w.field(t, "Dispatch Job", job, "status"); got != "Open" {
		t.Fatalf("the next job is %v", got)
	}

	tech := w.put(t, "Dispatch Technician", m{"technician_id": "TECH-1", "full_name": "Ève Roy", "assigned_group": "Installation", "active": 1})
	if status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", m{"job": job, "technician": tech}, nil); err != nil || status != http.StatusOK {
		t.Fatalf("claiming answered %d %s, error %v", status, text, err)
	}
	before := h.texts(t, s.customer)
	w.site.Fault().Fail(simkit.Fault{Status: http.StatusExpectationFailed, Match: "GET /api/resource/Customer"})
	h.move(t, job, "En Route", nil)
	h.awaitUpset(t, job, "customer_sms")
	if e := h.awaitEffect(t, job, "customer_sms"); h.texts(t, s.customer) != before+1 {
		t.Errorf("the text ended as %+v with %d texts more", e, h.texts(t, s.customer)-before)
	}

	h.refused(t, m{"job": job, "status": "Completed"}, http.StatusConflict, "transition-illegal")
	h.refused(t, m{"job": job, "status": "Fini"}, http.StatusUnprocessableEntity, "")
	h.move(t, job, "In Progress", nil)
	h.move(t, job, "Completed", answered)
	h.awaitEffect(t, job, "activation")
	h.refused(t, m{"job": job, "status": "Open"}, http.StatusUnprocessableEntity, "reason-missing")
	h.move(t, job, "Open", m{"reason": "Le téléphone ne sonne pas"})
	h.move(t, job, "In Progress", nil)
	if second := h.move(t, job, "Completed", answered); second.effect("activation").Name == "" {
		t.Errorf("the second completion did not look after the service: %+v", second.Effects)
	}
	h.awaitEffect(t, job, "activation")
	w.checkBilledAtMostOnce(t, s)
}

// refused asks for a change of state that must not happen.
func (h *running) refused(t *testing.T, body m, status int, code string) {
	t.Helper()
	var p struct{ Code string }
	got, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/job-status", body, &p)
	if err != nil || got != status || code != "" && p.Code != code {
		t.Errorf("%v was answered %d %.300s, error %v; want %d %s", body, got, text, err, status, code)
	}
}

// texts counts the texts to a customer that the outbox has.
func (h *running) texts(t *testing.T, customer string) int {
	t.Helper()
	var page struct{ Items []struct{ Channel string } }
	if status := h.call(t, http.MethodGet, "/messages?channel=sms&customer="+url.QueryEscape(customer), nil, &page); status != http.StatusOK {
		t.Fatalf("the messages answered %d", status)
	}
	return len(page.Items)
}

// checkBilledAtMostOnce: none when the service begins on the 1st.
func (w *town) checkBilledAtMostOnce(t *testing.T, s service) {
	t.Helper()
	invoices, err := w.site.All("Sales Invoice", m{"service_subscription": s.subscription})
	if err != nil || len(invoices) > 1 {
		t.Errorf("%d invoices of one service, error %v", len(invoices), err)
	}
	if got := w.field(t, "Service Subscription", s.subscription, "status"); got != "Actif" {
		t.Errorf("the subscription is %v", got)
	}
}

// TestCompletedPastTheHub: an old client writes the status into ERPNext itself, or
// through the gateway, and ERPNext tells nobody. What follows from it happens all
// the same, once.
func TestCompletedPastTheHub(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	s, before := w.sold(t, h, "phone_service"), tomorrow()
	first, job := s.jobs["number"], s.jobs["phone"]
	h.runTask(t, "mirror")
	w.put(t, "Dispatch Job", m{"name": first, "status": "Completed"})
	h.runTask(t, "mirror")
	await(t, "the next job is released", func() bool { return w.field(t, "Dispatch Job", job, "status") == "Open" })
	if got := h.through(t, http.MethodPut, "/api/resource/Dispatch%20Job/"+job, `{"status":"Completed"}`); got.status != http.StatusOK {
		t.Fatalf("through the gateway: %d %s", got.status, got.body)
	}
	h.runTask(t, "mirror")
	w.checkBegun(t, h, s, before, job)
	h.runTask(t, "mirror")
	w.checkBilledAtMostOnce(t, s)
}

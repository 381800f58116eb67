package charge_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway/charge"
)

func TestSends(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		"erpnext.accounts.doctype.payment_request.payment_request.make_payment_request":                        true,
		"erpnext.accounts.doctype.dunning.dunning.send_mail":                                                   true,
		"erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.send_auto_email": true,
		"frappe.core.doctype.sms_settings.sms_settings.send_sms":                                               true,
		"resend_payment_email": true, "send": true, "sendmail": true, "notify_by_sms": true,
		"erpnext.accounts.doctype.subscription.subscription.process_all": true,
		"add_comment": false, "submit": false, "frappe.client.get_list": false, "gigafibre.api.send_list.get": false, "cancel_subscription": false,
	} {
		if got := charge.Sends(method); got != want {
			t.Errorf("%s: %v", method, got)
		}
	}
}

func TestDoctypes(t *testing.T) {
	t.Parallel()
	for doctype, want := range map[string][2]bool{
		"Sales Invoice": {true, false}, "Payment Request": {true, false}, "Subscription": {false, true}, "Auto Repeat": {false, true},
		"Quotation": {false, false}, "Issue": {false, false}, "Service Subscription": {false, false},
	} {
		if got := [2]bool{charge.Submitted(doctype), charge.Standing(doctype)}; got != want {
			t.Errorf("%s: %v", doctype, got)
		}
	}
	if !charge.Undoes("cancel") || !charge.Undoes("cancel_subscription") || charge.Undoes("submit") || charge.Undoes("") {
		t.Error("what undoes is mixed up")
	}
}

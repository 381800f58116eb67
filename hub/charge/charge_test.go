package charge_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub/charge"
)

func TestSends(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]bool{
		"erpnext.accounts.doctype.payment_request.payment_request.make_payment_request":                        true,
		"erpnext.accounts.doctype.dunning.dunning.send_mail":                                                   true,
		"erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.send_auto_email": true,
		"frappe.core.doctype.sms_settings.sms_settings.send_sms":                                               true,
		"resend_payment_email": true, "send": true, "sendmail": true, "notify_by_sms": true,
		"erpnext.accounts.doctype.subscription.subscription.process_all":          true,
		"frappe.core.doctype.scheduled_job_type.scheduled_job_type.execute_event": true,
		"frappe.utils.scheduler.activate_scheduler":                               true,
		"frappe.utils.scheduler.get_scheduler_status":                             false,
		"payments.templates.pages.stripe_checkout.make_payment":                   true, "request_phone_payment": true, "gigafibre.billing.charge_cards": true,
		"frappe.automation.doctype.auto_repeat.auto_repeat.make_auto_repeat": true,
		"erpnext.controllers.accounts_controller.get_taxes_and_charges":      false,
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
		"Quotation": {false, false}, "Issue": {false, false}, "Service Subscription": {false, false}, "Stock Entry": {false, false},
		"Journal Entry": {true, false}, "Bulk Update": {false, true},
	} {
		if got := [2]bool{charge.Submitted(doctype), charge.Standing(doctype)}; got != want {
			t.Errorf("%s: %v", doctype, got)
		}
	}
}

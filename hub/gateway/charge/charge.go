// Package charge knows which changes in ERPNext make people pay, or write to
// them: what waits while billing is paused. It calls nothing and remembers
// nothing.
package charge

import "strings"

// Submitted tells of doctypes whose documents make somebody pay once they are
// submitted; their drafts are harmless.
func Submitted(doctype string) bool {
	switch doctype {
	case "Sales Invoice", "Payment Entry", "Payment Request", "Payment Order", "POS Invoice", "Dunning", "Invoice Discounting", "Bank Guarantee":
		return true
	}
	return false
}

// Standing tells of doctypes that work by themselves as soon as they are saved:
// they make invoices or write to people from then on.
func Standing(doctype string) bool {
	switch doctype {
	case "Subscription", "Process Subscription", "Process Statement Of Accounts", "Auto Repeat", "Newsletter", "Email Campaign", "Campaign Email Schedule", "SMS Center":
		return true
	}
	return false
}

// Undoes tells of methods of documents that end such work.
func Undoes(method string) bool { return method == "cancel" || method == "cancel_subscription" }

// Sends tells whether a method, by its dotted name or as a method of documents,
// would ask people for money or write to them.
func Sends(method string) bool {
	last := method[strings.LastIndexByte(method, '.')+1:]
	if strings.Contains(method, "payment_request") || strings.HasPrefix(last, "send") {
		return true
	}
	for _, part := range []string{"_send_", "_email", "_sms", "resend", "process_subscription", "restart_subscription", "subscription_update", "process_all"} {
		if strings.Contains(last, part) {
			return true
		}
	}
	return false
}

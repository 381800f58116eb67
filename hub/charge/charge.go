// Package charge is the one rule of what makes people pay, and the guard that
// keeps it: while billing is paused no invoice, payment or dunning is submitted,
// nothing that bills by itself is saved, and ERPNext writes to nobody.
//
// What a request to ERPNext would do is read from the request itself (Changes),
// whichever of its many forms it has: the client of ERPNext asks the Guard before
// every write and before every request that it passes through. Drafts are free.
// So is undoing: cancelling a submitted invoice asks nobody for money, and what was
// submitted by mistake must not stand until billing resumes. Cancelling a
// Subscription of ERPNext does not: it first bills what was used.
//
// Billing is paused while the settings say so, while ERPNext's own scheduler is
// (pause_scheduler, maintenance, or switched off), and while nobody can tell. The
// key of the cut-over (header X-Cutover-Token, of Staff and Service only) lets one
// request through; each use is written down before the call goes out.
//
// Connectors that could charge: Stripe's knows proofs of webhooks only and calls
// nothing. One that takes money must ask the Guard as the client of ERPNext does.
//
// Routes, events: none. Systems called: ERPNext, through Deps.Site. Remembers: for
// some seconds how the site was, and for some minutes who showed a wrong key.
package charge

import "strings"

// The verbs of a Change.
const (
	Submit  = "submit"  // documents leave the state of drafts, and somebody has to pay
	Save    = "save"    // what bills or writes by itself from then on
	Send    = "send"    // people are written to, or asked for money
	Unclear = "unclear" // a write that cannot be read, so nobody knows
)

// Change is something that waits while billing is paused.
type Change struct {
	Verb    string // Submit, Save, Send or Unclear
	Doctype string // "" when the request does not say
	Name    string // of the document, "" when there is none yet or several
	Method  string // of ERPNext, "" for a plain change of documents
}

// Submitted tells of doctypes whose documents make somebody pay once they are
// submitted; their drafts are harmless.
func Submitted(doctype string) bool {
	switch doctype {
	case "Sales Invoice", "Payment Entry", "Payment Request", "Payment Order", "Journal Entry", "POS Invoice", "Dunning", "Invoice Discounting",
		"Bank Guarantee", "POS Closing Entry", "POS Invoice Merge Log":
		return true
	}
	return false
}

// Standing tells of doctypes that work by themselves as soon as they are saved:
// they make invoices or write to people from then on, or change what is not named.
func Standing(doctype string) bool {
	switch doctype {
	case "Subscription", "Process Subscription", "Process Statement Of Accounts", "Auto Repeat", "Newsletter", "Email Campaign", "Campaign Email Schedule", "SMS Center", "Email Queue",
		"Opening Invoice Creation Tool", "Bulk Update", "Data Import", "Server Script", "System Console", "Scheduled Job Type":
		return true
	}
	return false
}

// Sends tells whether a method, by its dotted name or as a method of documents,
// would ask people for money or write to them, or make ERPNext do so.
func Sends(method string) bool {
	last := lastOf(method)
	if !reads(last) && holdsAny(last, "charge", "make_payment", "capture_payment", "phone_payment", "auto_repeat", "create_repeated") {
		return true
	}
	return strings.Contains(method, "payment_request") || strings.HasPrefix(last, "send") || holdsAny(last,
		"_send_", "_email", "_sms", "resend", "process_subscription", "restart_subscription", "subscription_update", "process_all",
		"execute_event", "run_scheduled", "activate_scheduler")
}

// Mails is Sends for a call that says beside its method whether it is to mail
// (send_email): the one that writes a Communication goes by that.
func Mails(method string, mail bool) bool {
	if strings.HasSuffix(method, "communication.email.make") {
		return mail
	}
	return Sends(method)
}

// submits tells whether a method would take documents out of the state of drafts,
// or make such documents at once.
func submits(method string) bool {
	return !reads(method) && holdsAny(lastOf(method), "submit", "create_payment_entry", "create_journal_entry", "make_invoices", "set_as_paid",
		"apply_workflow", "workflow_approval", "start_import")
}

// ends tells whether a method takes something away.
func ends(method string) bool {
	last := lastOf(method)
	return last == "cancel" || strings.HasPrefix(last, "delete") || last == "bulk_delete"
}

// reads tells of methods that only look, whichever verb of HTTP they come with.
func reads(method string) bool {
	last := lastOf(method)
	return strings.HasPrefix(last, "get") || strings.HasPrefix(last, "search") || last == "validate_link" || last == "has_permission"
}

// harmless tells of methods without a dotted name that note something, or only
// lead to another one, which is looked at by itself.
func harmless(method string) bool {
	switch method {
	case "", "add_comment", "add_tag", "add_viewed", "discard", "bulk_update", "run_doc_method", "upload_file", "ping", "login", "logout":
		return true
	}
	return false
}

func lastOf(method string) string { return method[strings.LastIndexByte(method, '.')+1:] }

func holdsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// isDraft tells of values that ERPNext takes for the state of a draft.
func isDraft(state string) bool {
	switch strings.ToLower(strings.TrimSpace(state)) {
	case "", "0", "0.0", "false", "null", "none", "no":
		return true
	}
	return false
}

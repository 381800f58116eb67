// Package lists holds what the gateway opens when the settings say nothing, and
// what no setting opens. It calls nothing and remembers nothing.
package lists

import "strings"

// Doctypes are what the ops app works with. The custom doctypes of the
// schema come after them: see Verbs.
func Doctypes() []string {
	return []string{
		"Customer:read+write+create", "Contact:read+write+create+delete", "Address:read+write+create+delete",
		"Lead:read+write+create", "Issue:read+write+create", "Communication:read", "Comment:read+create",
		"ToDo:read+write+create", "Project:read+write+create", "Task:read+write+create+delete", "Employee:read",
		"Quotation:read+write+create+submit", "Sales Order:read", "Sales Invoice:read", "Payment Entry:read",
		"Subscription:read", "Subscription Plan:read", "Item:read", "Item Group:read", "Item Price:read", "Price List:read",
		"Serial No:read", "Bin:read", "Stock Entry:read", "Warehouse:read", "UOM:read", "Supplier:read",
		"Territory:read", "Customer Group:read", "Issue Type:read", "Issue Priority:read", "Holiday List:read",
		"Mode of Payment:read", "Company:read", "Department:read", "Designation:read",
		"Quotation Item:read", "Sales Order Item:read", "Sales Invoice Item:read", "Sales Taxes and Charges:read",
		"Payment Schedule:read", "Payment Entry Reference:read", "Subscription Plan Detail:read",
		"Contact Phone:read", "Contact Email:read", "Dynamic Link:read", "Stock Entry Detail:read",
	}
}

// Secrets are fields of ERPNext's own doctypes that nobody needs here.
const Secrets = "Employee:bank_ac_no+iban+passport_number+ctc"

// Verbs are what may be done with a custom doctype: most are read, written and
// created.
// Jobs are deleted through their own route, which mends the chain first.
func Verbs(doctype string) string {
	switch doctype {
	case "Payment Method", "Flow Run", "Flow Step Pending":
		return "read"
	case "Dispatch Tag", "Dispatch Preset", "Shift Template", "Shift Assignment", "Availability", "Leave Request", "Checklist Template":
		return "read+write+create+delete"
	}
	return "read+write+create"
}

// Methods are what may be called: they only read, but for comments and assignments.
func Methods() []string {
	return []string{
		"ping", "frappe.auth.get_logged_user", "frappe.client.get_time_zone",
		"frappe.client.get_list", "frappe.client.get_count", "frappe.client.get", "frappe.client.get_value",
		"frappe.client.get_single_value", "frappe.client.has_permission", "frappe.client.get_doc_permissions",
		"frappe.client.validate_link", "frappe.client.validate_link_and_fetch", "frappe.client.is_document_amended",
		"frappe.desk.search.search_link", "frappe.desk.form.load.getdoctype", "frappe.desk.form.load.getdoc", "frappe.desk.form.load.get_docinfo",
		"frappe.desk.reportview.get", "frappe.desk.reportview.get_list", "frappe.desk.reportview.get_count",
		"frappe.utils.print_format.download_pdf", "erpnext.stock.utils.scan_barcode",
		"frappe.client.set_value", "frappe.client.insert", "frappe.client.save", "frappe.client.delete",
		"frappe.client.submit", "frappe.client.cancel",
		"frappe.desk.form.utils.add_comment", "frappe.desk.form.assign_to.add", "frappe.desk.form.assign_to.remove",
		"frappe.core.doctype.communication.email.make", "upload_file",
		"doc:add_comment", "doc:submit", "doc:cancel",
	}
}

// Never tells of doctypes that no list can open: accounts, rights, keys,
// code that runs inside ERPNext, and records of what was done.
func Never(doctype string) bool {
	for _, start := range []string{"OAuth ", "User", "Role", "LDAP ", "Social Login", "Webhook", "Email Account", "Email Domain", "Notification"} {
		if strings.HasPrefix(doctype, start) {
			return true
		}
	}
	switch doctype {
	case "Has Role", "Block Module", "DocPerm", "Custom DocPerm", "DocShare", "DocType", "DocField", "Custom Field", "Property Setter",
		"System Settings", "Website Settings", "Server Script", "Client Script", "System Console", "Scheduled Job Type", "Report",
		"Prepared Report", "Print Format", "Data Import", "Package Import", "File", "Version", "Deleted Document", "Access Log",
		"Activity Log", "Error Log", "Document Share Key", "SMS Settings", "SMS Parameter", "Custom Role", "Workflow", "Bulk Update", "Data Export",
		"RQ Job", "RQ Worker", "Log Settings", "Customize Form", "Personal Data Download Request", "Address Template", "Web Form", "Web Page", "Integration Request", "Token Cache", "Connected App", "Google Settings", "Stripe Settings",
		"Email Queue", "Auto Email Report", "Session Default Settings", "Singles", "Sessions", "__Auth", "Module Def", "Installed Applications":
		return true
	}
	return false
}

// NeverCalled tells of methods that no list can open. A start of such a name is open
// as far as it goes: what stands here stays closed inside it.
func NeverCalled(method string) bool {
	for _, start := range []string{
		"login", "logout", "run_doc_method", "web_logout", "frappe.handler.", "frappe.auth.login", "frappe.www.login", "frappe.twofactor.",
		"frappe.client.get_password", "frappe.client.bulk_update", "frappe.client.rename_doc", "frappe.client.insert_many", "frappe.client.attach_file", "frappe.client.get_js",
		"frappe.core.doctype.user.", "frappe.core.doctype.role", "frappe.core.doctype.server_script.", "frappe.core.doctype.file.",
		"frappe.core.doctype.data_import.", "frappe.core.page.", "frappe.desk.form.save.", "frappe.desk.query_report.", "frappe.desk.doctype.system_console.", "frappe.desk.doctype.bulk_update.", "frappe.desk.form.linked_with.",
		"frappe.desk.reportview.export", "frappe.desk.reportview.delete", "frappe.desk.reportview.save", "frappe.permissions.", "frappe.share.",
		"frappe.integrations.", "frappe.oauth", "frappe.sessions.", "frappe.utils.oauth", "frappe.utils.password", "frappe.model.", "frappe.email.",
		"frappe.utils.global_search.", "frappe.custom.",
	} {
		if strings.HasPrefix(method, start) {
			return true
		}
	}
	return false
}

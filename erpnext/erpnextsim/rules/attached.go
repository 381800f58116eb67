package rules

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
)

// permitFile opens public files to readers, private ones to their owner, and all
// to those who may read or write what they are attached to.
func permitFile(s *document.Session, d *document.Doc, right string) bool {
	if d.Fresh() || d.Int("is_private") == 0 && (right == "read" || right == "select") || d.Text("owner") == s.User.Name {
		return true
	}
	doctype, name := d.Text("attached_to_doctype"), d.Text("attached_to_name")
	if doctype == "" || name == "" {
		return false
	}
	doc, err := s.Load(doctype, name)
	if err != nil {
		return false
	}
	if right == "write" || right == "create" || right == "delete" {
		return s.May(doc, "write")
	}
	return s.May(doc, "read")
}

func limitAttachments(s *document.Session, d *document.Doc) error {
	target := s.Set.Get(d.Text("attached_to_doctype"))
	if target == nil || target.MaxAttachments == 0 || d.Text("attached_to_name") == "" {
		return nil
	}
	n, err := s.Tx.Value(`SELECT count(*) FROM tabFile WHERE attached_to_doctype = ? AND attached_to_name = ?`, target.Name, d.Text("attached_to_name"))
	if err == nil && meta.Int(n) >= target.MaxAttachments {
		return exception.Titled("AttachmentLimitReached", "Attachment Limit Reached",
			"Maximum Attachment Limit of <strong>%d</strong> has been reached for %s %s.", target.MaxAttachments, target.Name, d.Text("attached_to_name"))
	}
	return err
}

// noteAttachment writes on the parent's timeline that a file was attached.
func noteAttachment(s *document.Session, d *document.Doc) error {
	verb, icon := "", ""
	if s.Profile == profile.V15 {
		verb = "Added "
	}
	if d.Int("is_private") != 0 {
		icon = ` <i class="fa fa-lock text-warning"></i>`
	}
	return onTimeline(s, d, "Attachment", fmt.Sprintf("%s<a href='%s' target='_blank'>%s</a>%s", verb, d.Text("file_url"), d.Text("file_name"), icon))
}

func noteRemoval(s *document.Session, d *document.Doc) error {
	if name := d.Name(); name == "Home" || name == "Home/Attachments" {
		return exception.Invalid("Cannot delete Home and Attachments folders")
	}
	verb := ""
	if s.Profile == profile.V15 {
		verb = "Removed "
	}
	return onTimeline(s, d, "Attachment Removed", verb+d.Text("file_name"))
}

func onTimeline(s *document.Session, d *document.Doc, kind, text string) error {
	doctype, name := d.Text("attached_to_doctype"), d.Text("attached_to_name")
	if doctype == "" || name == "" || d.Int("is_folder") != 0 {
		return nil
	}
	if _, ok, err := s.Exists(doctype, name); err != nil || !ok {
		return err
	}
	return timeline.Remark(s, [2]string{doctype, name}, kind, text)
}

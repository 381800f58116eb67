package plans

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Progress makes a task whole when its work is done.
func Progress(_ *document.Session, d *document.Doc) error {
	if d.Text("status") == "Completed" {
		d.Set("progress", 100.0)
	}
	d.Default("depends_on_tasks", "")
	return nil
}

// Advance tells the project of a task how far its tasks are.
func Advance(s *document.Session, d *document.Doc) error {
	project := d.Text("project")
	if project == "" {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT count(*) AS total, sum(status IN ('Completed', 'Cancelled')) AS done FROM tabTask WHERE project = ?`, project)
	if err != nil || len(rows) == 0 || meta.Int(rows[0]["total"]) == 0 {
		return err
	}
	status, err := s.Value("Project", project, "status")
	if err != nil || meta.Text(status) == "Cancelled" {
		return err
	}
	part, now := meta.Float(rows[0]["done"])/meta.Float(rows[0]["total"])*100, "Open"
	if part == 100 {
		now = "Completed"
	}
	return s.SetValue("Project", project, map[string]any{"percent_complete": part, "status": now}, true)
}

package day

import (
	"html"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

func (v *view) notes(job string) []Note {
	out := []Note{}
	for _, c := range v.comments {
		if c.Job == job {
			out = append(out, v.note(c))
		}
	}
	return out
}

// note reads a remark: who made it, and when, stands in its subject, and for the
// office behind the text.
func (v *view) note(c remark) Note {
	text := html.UnescapeString(markup.ReplaceAllString(strings.ReplaceAll(c.Content, "<br>", "\n"), ""))
	n := Note{Text: strings.TrimSpace(text), Of: "technician", At: instant(c.Creation, v.zone)}
	i := strings.LastIndexByte(c.By, ' ')
	if i < 0 {
		return n
	}
	n.By = c.By[:i]
	if at, err := time.Parse(time.RFC3339, c.By[i+1:]); err == nil {
		at = at.UTC()
		n.At = &at
	}
	if j := strings.LastIndex(n.Text, "\n("+n.By+", "); j >= 0 {
		n.Text = n.Text[:j]
	}
	return n
}

func (v *view) tagsOf(job string) []Tag {
	out := []Tag{}
	for _, t := range v.tags {
		if t.Parent == job {
			out = append(out, Tag{Tag: t.Tag, Level: t.Level, Required: bool(t.Required)})
		}
	}
	return out
}

// checklist is that of the work order, or the one it will have when it is begun.
func (v *view) checklist(r *row) Checklist {
	list := Checklist{Items: []Item{}}
	for _, i := range v.items {
		if i.Parent == r.Name {
			list.Items = append(list.Items, v.item(i))
		}
	}
	if len(list.Items) == 0 {
		for _, i := range v.asked {
			if i.Parent == v.templateOf(r.JobType) {
				list.Items = append(list.Items, v.item(erpnext.ChecklistItem{Label: i.Label, Required: i.Required, AnswerType: i.AnswerType, Choices: i.Choices}))
			}
		}
	}
	for _, i := range list.Items {
		switch {
		case i.Answered:
			list.Done++
		case i.Required:
			list.Missing++
		}
	}
	return list
}

func (v *view) templateOf(jobType string) string {
	i := slices.IndexFunc(v.templates, func(t erpnext.ChecklistTemplate) bool { return t.JobType == jobType && jobType != "" })
	if i < 0 {
		return "-"
	}
	return v.templates[i].Name
}

func (v *view) item(i erpnext.ChecklistItem) Item {
	item := Item{
		Label: i.Label, Required: bool(i.Required), Type: first(i.AnswerType, "check"), Value: i.Value, DoneAt: instant(i.DoneAt, v.zone), DoneBy: i.DoneBy,
	}
	for line := range strings.SplitSeq(i.Choices, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			item.Choices = append(item.Choices, line)
		}
	}
	value := strings.ToLower(strings.TrimSpace(i.Value))
	unticked := item.Type == "check" && slices.Contains([]string{"0", "no", "non", "false", "faux", "off"}, value)
	item.Answered = value != "" && !unticked
	return item
}

func (v *view) devicesOf(location string) []Device {
	out := []Device{}
	for _, e := range v.devices {
		if location != "" && e.ServiceLocation == location {
			out = append(out, Device{
				Name: e.Name, Type: e.EquipmentType, Brand: e.Brand, Model: e.Model, Serial: e.SerialNumber, MAC: e.MACAddress, Status: e.Status,
			})
		}
	}
	return out
}

func (v *view) handovers(job string) []Handover {
	out := []Handover{}
	for _, e := range v.equipment {
		if e.Parent == job {
			out = append(out, Handover{
				Equipment: e.Equipment, ReplacedBy: e.ReplacedBy, Action: e.Action, Serial: e.SerialNumber, MAC: e.MACAddress,
				Scanned: bool(e.Scanned), Source: e.ScanSource,
			})
		}
	}
	return out
}

func (v *view) materialsOf(job string) []Material {
	out := []Material{}
	for _, m := range v.materials {
		if m.Parent != job {
			continue
		}
		line := Material{Item: m.Item, Qty: m.Qty, UOM: m.UOM, Serials: m.Serials, Drawn: m.StockEntry != ""}
		for _, item := range v.goods {
			if item.Name == m.Item {
				line.Title = item.ItemName
			}
		}
		out = append(out, line)
	}
	return out
}

func (v *view) photosOf(job string) []Photo {
	out := []Photo{}
	for _, p := range v.photos {
		if p.Parent == job && p.Kind != "signature" {
			out = append(out, Photo{Row: p.Name, Kind: p.Kind, Caption: p.Caption, TakenAt: instant(p.TakenAt, v.zone), SHA256: p.SHA256})
		}
	}
	return out
}

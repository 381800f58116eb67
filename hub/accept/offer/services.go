package offer

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
)

// Installation is the template that the services need: a telephone alone needs
// no fibre.
func Installation(q *erpnext.Quotation) string {
	recurring, phones := 0, 0
	for _, item := range q.Items {
		if Frequency(item) != OneTime {
			recurring++
			if Category(item) == "VoIP" {
				phones++
			}
		}
	}
	if recurring > 0 && phones == recurring {
		return erpnext.InstallPhone
	}
	return erpnext.InstallFiber
}

// Category reads the category of a service from its item group.
func Category(item erpnext.QuotationItem) string {
	text := strings.ToLower(item.ItemGroup + " " + item.ItemCode)
	for _, c := range []struct{ category, words string }{
		{"IPTV", "iptv télé tv"}, {"VoIP", "voip téléphon telephon phone"}, {"Internet", "internet fibre ftth"},
	} {
		for word := range strings.FieldsSeq(c.words) {
			if strings.Contains(text, word) {
				return c.category
			}
		}
	}
	return "Other"
}

// ItemTitle is the name of a line for people.
func ItemTitle(item erpnext.QuotationItem) string {
	if item.ItemName != "" {
		return item.ItemName
	}
	return item.ItemCode
}

// Short names the first of several services and counts the others: an SMS is
// paid by the segment.
func Short(services []string) string {
	if len(services) < 2 {
		return strings.Join(services, "")
	}
	return fmt.Sprintf("%s + %d", services[0], len(services)-1)
}

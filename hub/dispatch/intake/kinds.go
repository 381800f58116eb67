package intake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
)

// Kind is what an issue type leads to.
type Kind struct {
	JobType string
	Hours   float64
	Tags    []string
}

// Kinds says what issue types lead to.
type Kinds map[string]Kind

// ParseKinds reads "Panne=Repair:1.5:fusion+fibre,Déménagement=Move:2": issue
// type, job type, hours and tags, of which the last two may be left out.
func ParseKinds(text string) (Kinds, error) {
	kinds := Kinds{}
	for entry := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, what, found := strings.Cut(entry, "=")
		name = strings.TrimSpace(name)
		parts := strings.Split(what, ":")
		kind := Kind{JobType: strings.TrimSpace(parts[0]), Hours: 1}
		switch {
		case !found || name == "":
			return nil, fmt.Errorf("%q is not written as Type=Job", strings.TrimSpace(entry))
		case !slices.Contains(erpnext.JobTypes(), kind.JobType):
			return nil, fmt.Errorf("%q is no job type; there are %s", kind.JobType, strings.Join(erpnext.JobTypes(), ", "))
		case len(parts) > 3:
			return nil, fmt.Errorf("%q has more than job type, hours and tags", strings.TrimSpace(entry))
		}
		if len(parts) > 1 {
			hours, err := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
			if err != nil || !(hours > 0 && hours <= 24) {
				return nil, fmt.Errorf("%q is no number of hours", strings.TrimSpace(parts[1]))
			}
			kind.Hours = hours
		}
		if len(parts) > 2 {
			kind.Tags = tags(parts[2])
		}
		kinds[strings.ToLower(name)] = kind
	}
	return kinds, nil
}

func tags(text string) []string {
	var out []string
	for tag := range strings.SplitSeq(text, "+") {
		if tag = strings.TrimSpace(tag); tag != "" {
			out = append(out, tag)
		}
	}
	return out
}

// Of finds what an issue type leads to: as the settings say, else a job type that
// is called alike, else a repair of an hour.
func (k Kinds) Of(issueType string) Kind {
	name := strings.ToLower(strings.TrimSpace(issueType))
	if kind, known := k[name]; known {
		return kind
	}
	for _, jobType := range erpnext.JobTypes() {
		if strings.EqualFold(jobType, name) {
			return Kind{JobType: jobType, Hours: 1}
		}
	}
	return Kind{JobType: "Repair", Hours: 1}
}

// Group is the queue that such work waits in when the issue names none.
func (k Kind) Group() string {
	switch k.JobType {
	case "Telephony", "TV":
		return "Support"
	case "Survey":
		return "Fibre"
	}
	return "Installation"
}

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

func TestParseSteps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want []string // ids in working order
		deps map[string][]string
		code string
	}{
		"nothing":            {text: "  "},
		"empty list":         {text: "[]"},
		"chain":              {text: `[{"id":"a","label":"A"},{"id":"b","label":"B","depends_on":"a"}]`, want: []string{"a", "b"}, deps: map[string][]string{"b": {"a"}}},
		"numbers as ids":     {text: `[{"id":1},{"id":2,"depends_on":[1]}]`, want: []string{"1", "2"}, deps: map[string][]string{"2": {"1"}}},
		"by label":           {text: `[{"label":"Fusion"},{"label":"ONT","depends_on":["Fusion"]}]`, want: []string{"step-1", "step-2"}, deps: map[string][]string{"step-2": {"step-1"}}},
		"written backwards":  {text: `[{"id":"b","depends_on":["a"]},{"id":"a"}]`, want: []string{"a", "b"}, deps: map[string][]string{"b": {"a"}}},
		"two predecessors":   {text: `[{"id":"a"},{"id":"b"},{"id":"c","depends_on":["a","b","a"]}]`, want: []string{"a", "b", "c"}, deps: map[string][]string{"c": {"a", "b"}}},
		"empty predecessors": {text: `[{"id":"a","depends_on":null},{"id":"b","depends_on":""}]`, want: []string{"a", "b"}},
		"circle":             {text: `[{"id":"a","depends_on":"b"},{"id":"b","depends_on":"a"}]`, code: "steps-invalid"},
		"self":               {text: `[{"id":"a","depends_on":"a"}]`, code: "steps-invalid"},
		"unknown":            {text: `[{"id":"a","depends_on":"z"}]`, code: "steps-invalid"},
		"doubled id":         {text: `[{"id":"a"},{"id":"a"}]`, code: "steps-invalid"},
		"not a list":         {text: `{"id":"a"}`, code: "steps-invalid"},
		"not JSON":           {text: `fibre`, code: "steps-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, err := ParseSteps(tc.text)
			if tc.code != "" {
				if !hub.HasCode(err, tc.code) {
					t.Fatalf("error %v, want code %s", err, tc.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, s := range steps {
				ids = append(ids, s.ID)
				if diff := cmp.Diff(tc.deps[s.ID], s.DependsOn); diff != "" {
					t.Errorf("predecessors of %s (-want +got):\n%s", s.ID, diff)
				}
			}
			if diff := cmp.Diff(tc.want, ids); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWizardStepKeepsItsFields(t *testing.T) {
	t.Parallel()
	steps, err := ParseSteps(`[{"id":"drop","label":"Branchement","job_type":"Move","assigned_group":"Fibre","duration_h":2.5,
		"tags":["fusion"],"offset":3,"on_open_webhook":"https://n8n.example.ca/a"}]`)
	if err != nil {
		t.Fatal(err)
	}
	want := Step{
		ID: "drop", Label: "Branchement", JobType: "Move", Group: "Fibre", DurationH: 2.5, Tags: []string{"fusion"},
		OffsetDays: 3, OnOpenWebhook: "https://n8n.example.ca/a",
	}
	if diff := cmp.Diff(want, steps[0]); diff != "" {
		t.Errorf("step (-want +got):\n%s", diff)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	lengths := map[string]int{}
	for name := range templates() {
		steps := Template(name)
		ordered, err := Ordered(steps)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(steps, ordered); diff != "" {
			t.Errorf("%s is not in working order (-as written +ordered):\n%s", name, diff)
		}
		for _, s := range steps {
			if s.Label == "" || s.Group == "" || s.JobType == "" || s.DurationH <= 0 {
				t.Errorf("%s: step %q lacks a label, group, type or duration", name, s.ID)
			}
		}
		lengths[name] = len(steps)
	}
	want := map[string]int{
		"fiber_install": 4, "phone_service": 2, "move_service": 3, "repair_service": 2, "test_single": 1, "test_parallel": 3,
	}
	if diff := cmp.Diff(want, lengths); diff != "" {
		t.Errorf("templates (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Template("fiber_install"), Template("no such template")); diff != "" {
		t.Errorf("an unknown template is not the fibre installation:\n%s", diff)
	}
}

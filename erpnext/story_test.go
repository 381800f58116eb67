package erpnext

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// story is something that the hub does on a site. tell does it under a key of
// its own, and is told again after an error that left the outcome open; done
// counts how often the site shows it. It must be once.
type story struct {
	name, match string
	tell        func(*scene) error
	done        func(*scene) (int, error)
}

// scene is one telling of a story.
type scene struct {
	context.Context
	*stage
	key  string // unlike that of any other scene
	name string // of the document that was laid out
}

func stories() []story {
	return append(append(draftStories(), paperStories()...), manyStories()...)
}

func draftStories() []story {
	return []story{
		{"create with Ensure", "POST /api/resource/Issue", tellCreate, func(s *scene) (int, error) {
			return s.Count(s, "Issue", Eq("custom_hub_key", s.key))
		}},
		{"update under a lock", "PUT /api/resource/Dispatch Job", func(s *scene) error {
			job, err := Get[DispatchJob](s, s.Client, "Dispatch Job", s.name)
			if err != nil {
				return err
			}
			return s.Update(s, "Dispatch Job", s.name, Values{"modified": job.Modified, "notes": s.key}, job)
		}, func(s *scene) (int, error) { return s.Count(s, "Dispatch Job", Eq("notes", s.key)) }},
		{"revise", "PUT /api/resource/Dispatch Job", func(s *scene) error {
			_, err := Revise(s, s.Client, "Dispatch Job", s.name, func(job *DispatchJob) (Values, error) {
				return Values{"step_order": job.StepOrder + 1}, nil
			})
			return err
		}, func(s *scene) (int, error) {
			job, err := Get[DispatchJob](s, s.Client, "Dispatch Job", s.name)
			if err != nil {
				return 0, err
			}
			return job.StepOrder, nil
		}},
		{"set a value", "POST /api/method/frappe.client.set_value", func(s *scene) error {
			return s.SetValue(s, "Dispatch Job", s.name, Values{"notes": s.key})
		}, func(s *scene) (int, error) { return s.Count(s, "Dispatch Job", Eq("notes", s.key)) }},
		{"delete", "DELETE /api/resource/Dispatch Job", func(s *scene) error {
			err := s.Delete(s, "Dispatch Job", s.name)
			if IsNotFound(err) { // told again
				return nil
			}
			return err
		}, func(s *scene) (int, error) {
			n, err := s.Count(s, "Dispatch Job", Eq("name", s.name))
			return 1 - n, err
		}},
		{"rename", "POST /api/method/frappe.client.rename_doc", func(s *scene) error {
			if _, err := Get[Customer](s, s.Client, "Customer", s.key); err == nil {
				return nil
			}
			_, err := s.Rename(s, "Customer", "old "+s.key, s.key)
			return err
		}, func(s *scene) (int, error) { return s.Count(s, "Customer", In("name", s.key, "old "+s.key)) }},
	}
}

func tellCreate(s *scene) error {
	_, _, err := Ensure(s, s.Client,
		func(ctx context.Context) (*Issue, error) {
			return First[Issue](ctx, s.Client, "Issue", Eq("custom_hub_key", s.key))
		},
		func(ctx context.Context) (*Issue, error) {
			return Insert[Issue](ctx, s.Client, "Issue", Issue{Subject: "Panne", HubKey: s.key})
		})
	return err
}

func paperStories() []story {
	quotations := func(s *scene, filters ...Filter) (int, error) { return s.Count(s, "Quotation", filters...) }
	return []story{
		{"submit", "PUT /api/resource/Quotation", func(s *scene) error { return s.Submit(s, "Quotation", s.name) },
			func(s *scene) (int, error) { return quotations(s, Eq("name", s.name), Eq("docstatus", Submitted)) }},
		{"cancel", "PUT /api/resource/Quotation", func(s *scene) error { return s.Cancel(s, "Quotation", s.name) },
			func(s *scene) (int, error) { return quotations(s, Eq("name", s.name), Eq("docstatus", Cancelled)) }},
		{"amend", "POST /api/resource/Quotation", func(s *scene) error {
			var q Quotation
			err := s.Amend(s, "Quotation", s.name, Values{"terms": s.key}, &q)
			if err == nil && (q.Terms != s.key || len(q.Items) != 1 || q.DocStatus != Draft || q.SignerIP != "") {
				return fmt.Errorf("amended to %+v", q)
			}
			return err
		}, func(s *scene) (int, error) { return quotations(s, Eq("amended_from", s.name)) }},
		{"attach", "POST /api/method/upload_file", func(s *scene) error {
			files, err := s.Attachments(s, "Dispatch Job", s.name)
			if err != nil || len(files) > 0 {
				return err
			}
			file, err := s.Attach(s, Attachment{Doctype: "Dispatch Job", Name: s.name, FileName: "photo.png", Content: []byte(s.key)})
			if err == nil && !strings.HasPrefix(file.FileURL, "/private/files/") {
				return fmt.Errorf("attached as %+v", file)
			}
			return err
		}, func(s *scene) (int, error) {
			files, err := s.Attachments(s, "Dispatch Job", s.name)
			return len(files), err
		}},
		{"comment", "POST /api/method/frappe.desk.form.utils.add_comment", func(s *scene) error {
			said, err := s.Comments(s, "Dispatch Job", s.name)
			if err != nil || len(said) > 0 {
				return err
			}
			return s.AddComment(s, "Dispatch Job", s.name, "Vu <"+s.key+">")
		}, func(s *scene) (int, error) {
			said, err := s.Comments(s, "Dispatch Job", s.name)
			return len(said), err
		}},
		{"assign", "POST /api/method/frappe.desk.form.assign_to.add", func(s *scene) error {
			return s.Assign(s, "Dispatch Job", s.name, s.user, "À faire")
		}, func(s *scene) (int, error) {
			users, err := s.Assignees(s, "Dispatch Job", s.name)
			return len(users), err
		}},
		{"take back", "POST /api/method/frappe.desk.form.assign_to.remove", func(s *scene) error {
			if err := s.Assign(s, "Dispatch Job", s.name, s.user, ""); err != nil {
				return err
			}
			return s.Unassign(s, "Dispatch Job", s.name, s.user)
		}, func(s *scene) (int, error) {
			users, err := s.Assignees(s, "Dispatch Job", s.name)
			return 1 - len(users), err
		}},
	}
}

func manyStories() []story {
	return []story{
		{"insert many", "POST /api/method/frappe.client.insert_many", func(s *scene) error {
			names, err := s.InsertMany(s, "Issue", "custom_hub_key", []Values{
				{"subject": "A", "custom_hub_key": s.key + "a"}, {"subject": "B", "custom_hub_key": s.key + "b"},
			})
			if err == nil && (len(names) != 2 || names[0] == names[1] || names[0] == "") {
				return fmt.Errorf("created %q", names)
			}
			return err
		}, func(s *scene) (int, error) {
			n, err := s.Count(s, "Issue", In("custom_hub_key", s.key+"a", s.key+"b"))
			return n - 1, err
		}},
		{"update many", "PUT /api/resource/Dispatch Job", func(s *scene) error {
			s.noBulk.Store(true)
			failed, err := s.BulkUpdate(s, "Dispatch Job", []Values{{"name": s.name, "notes": s.key}})
			return errors.Join(err, failed[s.name])
		}, func(s *scene) (int, error) { return s.Count(s, "Dispatch Job", Eq("notes", s.key)) }},
		{"walk", "GET /api/resource/Dispatch Tag", func(s *scene) error {
			found, err := List[Doc](s, s.Client, Query{Doctype: "Dispatch Tag"})
			names := map[string]bool{}
			for _, tag := range found {
				names[tag.Name] = true
			}
			if err == nil && (len(found) != tags || len(names) != tags) {
				return fmt.Errorf("%d tags, %d names", len(found), len(names))
			}
			return err
		}, func(*scene) (int, error) { return 1, nil }},
	}
}

// Both generations: what is asked of them, then every story with every kind of
// trouble. Told again as long as its outcome is open, it has happened once.
func TestStories(t *testing.T) {
	t.Parallel()
	if *siteURL != "" {
		s := real(t)
		asking(t, s)
		s.layOut(t)
		s.tellAll(t)
		return
	}
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			s := simulated(t, profile)
			if profile == erpnextsim.V16 {
				checkBareSite(t, s.Client)
			}
			raw, err := Fixtures()
			if err == nil {
				err = s.sim.Import(raw)
			}
			if err != nil {
				t.Fatal(err)
			}
			asking(t, s)
			s.layOut(t)
			if profile == erpnextsim.V16 {
				if got := faults(t, s.Client); got != nil {
					t.Errorf("after the import:\n%s", strings.Join(got, "\n"))
				}
				tales(t, s.Client, s.sim)
			}
			s.tellAll(t)
		})
	}
}

func (s *stage) tellAll(t *testing.T) {
	t.Helper()
	if _, err := s.Profile(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, st := range stories() {
		t.Run(st.name, func(t *testing.T) { // one after the other: they share the stage
			for i, kind := range troubles() {
				s.tell(t, st, kind, fmt.Sprintf("%s %s-%d", ours, strings.ReplaceAll(st.name, " ", ""), i))
			}
		})
	}
}

func (s *stage) tell(t *testing.T, st story, kind, key string) {
	t.Helper()
	now := &scene{Context: t.Context(), stage: s, key: key}
	s.trouble.next("", "")
	now.name = s.prop(t, st.name, key)
	s.wrote = nil
	s.trouble.next(kind, st.match)
	err := st.tell(now)
	if e := find(err); err != nil && (e == nil || e.Outcome != connectors.Unknown) {
		t.Errorf("%s, %q: %v", st.name, kind, err)
	}
	if err != nil {
		err = st.tell(now)
	}
	n, look := st.done(now)
	if err != nil || look != nil || n != 1 || !s.trouble.hit.Load() {
		t.Errorf("%s, %q: happened %d times, %v, %v (trouble %v)", st.name, kind, n, err, look, s.trouble.hit.Load())
	}
	doctype, method, _ := strings.Cut(strings.TrimPrefix(st.match[strings.IndexByte(st.match, ' ')+1:], "/api/resource/"), ".")
	if st.name != "walk" && !slices.ContainsFunc(s.wrote, func(w string) bool { return method != "" || strings.HasPrefix(w, doctype) }) &&
		st.name != "attach" {
		t.Errorf("%s, %q: written are %q", st.name, kind, s.wrote)
	}
}

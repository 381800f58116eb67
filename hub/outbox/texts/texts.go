// Package texts reads the features' messages in both languages and fills them
// in. It is a room of the outbox: no routes, no events, no systems, no memory.
package texts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
)

// Texts are the messages of one feature, in both languages.
type Texts struct {
	set map[textKey]text
}

// text is a message; subject is nil for SMS. They are apart so that a line break
// in a value cannot move the border between them.
type text struct{ subject, body *template.Template }

type textKey struct {
	name    string
	channel channel.Channel
	lang    hub.Lang
}

// Parse reads texts/<name>.<sms|email>.<fr|en>.txt. A mail's first line is
// its subject ("Objet : …", "Subject: …"). Every text must exist in both
// languages; all mistakes are reported at once.
func Parse(fsys fs.FS) (*Texts, error) {
	files, err := fs.Glob(fsys, "texts/*")
	if err != nil {
		return nil, fmt.Errorf("listing texts: %w", err)
	}
	t := &Texts{set: map[textKey]text{}}
	var faults []error
	for _, file := range files {
		faults = append(faults, t.parse(fsys, file))
	}
	for key := range t.set {
		other := key
		if other.lang = hub.French; key.lang == hub.French {
			other.lang = hub.English
		}
		if _, both := t.set[other]; !both {
			faults = append(faults, fmt.Errorf("text %s.%s exists in %s only", key.name, key.channel, key.lang))
		}
	}
	if len(t.set) == 0 {
		faults = append(faults, errors.New("there are no texts"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("reading texts: %w", err)
	}
	return t, nil
}

func (t *Texts) parse(fsys fs.FS, file string) error {
	parts := strings.Split(path.Base(file), ".")
	if len(parts) != 4 || parts[0] == "" || parts[3] != "txt" ||
		!channel.Channel(parts[1]).Known() || (parts[2] != "fr" && parts[2] != "en") {
		return fmt.Errorf("text %s is not named <name>.<sms|email>.<fr|en>.txt", file)
	}
	key := textKey{parts[0], channel.Channel(parts[1]), hub.Lang(parts[2])}
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return err
	}
	body := strings.ReplaceAll(string(raw), "\r\n", "\n")
	var parsed text
	if key.channel == channel.Email {
		subject, rest, ok := splitSubject(body)
		if !ok {
			return fmt.Errorf("text %s does not begin with its subject (Objet : …)", file)
		}
		if parsed.subject, err = compile(file+", subject", subject); err != nil {
			return err
		}
		body = rest
	}
	if parsed.body, err = compile(file, body); err != nil {
		return err
	}
	t.set[key] = parsed
	return nil
}

func compile(name, source string) (*template.Template, error) {
	return template.New(name).Option("missingkey=error").Parse(strings.Trim(source, " \n"))
}

// Names lists the texts of a channel, sorted.
func (t *Texts) Names(way channel.Channel) []string {
	var names []string
	for key := range t.set {
		if key.channel == way && key.lang == hub.French {
			names = append(names, key.name)
		}
	}
	slices.Sort(names)
	return names
}

// Render fills in a text. The errors are hub.Invalid: no such text, or a value
// that it needs is missing.
func (t *Texts) Render(name string, way channel.Channel, lang hub.Lang, vars map[string]any) (subject, body string, err error) {
	if lang != hub.English {
		lang = hub.French
	}
	found, ok := t.set[textKey{name, way, lang}]
	if !ok {
		return "", "", invalid("/template", "there is no such text for this channel")
	}
	if vars == nil {
		vars = map[string]any{}
	}
	if found.subject != nil {
		if subject, err = fill(found.subject, vars); err != nil {
			return "", "", err
		}
	}
	body, err = fill(found.body, vars)
	return strings.Join(strings.Fields(subject), " "), body, err
}

func fill(source *template.Template, vars map[string]any) (string, error) {
	var out strings.Builder
	if err := source.Execute(&out, vars); err != nil {
		return "", hub.Fail(hub.Invalid, "invalid", "The text needs a value that was not given.", err,
			hub.WithField("/vars", "a value that the text needs is missing"))
	}
	if strings.Contains(out.String(), "<no value>") {
		return "", invalid("/vars", "a value that the text needs is null")
	}
	return out.String(), nil
}

// splitSubject takes the subject off a mail's first line. French puts a space,
// often a non-breaking one, before the colon.
func splitSubject(text string) (subject, body string, ok bool) {
	first, rest, _ := strings.Cut(text, "\n")
	word, subject, found := strings.Cut(first, ":")
	word = strings.Trim(word, " \u00a0\u202f")
	if !found || (word != "Objet" && word != "Subject") {
		return "", text, false
	}
	return strings.Trim(subject, " \u00a0\u202f"), rest, true
}

func invalid(pointer, detail string) error {
	return hub.Fail(hub.Invalid, "invalid", "The message cannot be sent like this.", nil, hub.WithField(pointer, detail))
}

package store

// Secret returns a stored password, "" when there is none.
func (t *Tx) Secret(doctype, name, field string) (string, error) {
	rows, err := t.Known("__Auth", `SELECT password FROM "__Auth" WHERE doctype = ? AND name = ? AND fieldname = ?`, doctype, name, field)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	secret, _ := rows[0]["password"].(string)
	return secret, nil
}

// SetSecret stores a password; "" removes it.
func (t *Tx) SetSecret(doctype, name, field, secret string) error {
	if secret == "" {
		return t.Exec(`DELETE FROM "__Auth" WHERE doctype = ? AND name = ? AND fieldname = ?`, doctype, name, field)
	}
	return t.Exec(`INSERT INTO "__Auth" (doctype, name, fieldname, password) VALUES (?, ?, ?, ?)
		ON CONFLICT (doctype, name, fieldname) DO UPDATE SET password = excluded.password`, doctype, name, field, secret)
}

// Content returns the bytes behind a file address, nil when there are none.
func (t *Tx) Content(url string) ([]byte, error) {
	v, err := t.Value(`SELECT content FROM "__Content" WHERE file_url = ?`, url)
	content, _ := v.([]byte)
	return content, err
}

// SetContent stores the bytes behind a file address; nil removes them.
func (t *Tx) SetContent(url string, content []byte) error {
	if content == nil {
		return t.Exec(`DELETE FROM "__Content" WHERE file_url = ?`, url)
	}
	return t.Exec(`INSERT OR REPLACE INTO "__Content" (file_url, content) VALUES (?, ?)`, url, content)
}

// Login is a running password session.
type Login struct {
	SID, User string
	CSRF      string // token that changing requests must show, "" until a page was rendered
	IP        string
	Updated   string // when it was last used: moments, later ones sort behind
}

// Login reads a session, nil when there is none.
func (t *Tx) Login(sid string) (*Login, error) {
	rows, err := t.Rows(`SELECT * FROM "tabSessions" WHERE sid = ?`, sid)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	text := func(column string) string { s, _ := rows[0][column].(string); return s }
	return &Login{SID: sid, User: text("user"), CSRF: text("csrf_token"), IP: text("ipaddress"), Updated: text("lastupdate")}, nil
}

// SetLogin stores a session.
func (t *Tx) SetLogin(l Login) error {
	return t.Exec(`INSERT OR REPLACE INTO "tabSessions" (sid, user, csrf_token, ipaddress, lastupdate, status)
		VALUES (?, ?, ?, ?, ?, 'Active')`, l.SID, l.User, l.CSRF, l.IP, l.Updated)
}

// EndLogin removes a session.
func (t *Tx) EndLogin(sid string) error {
	return t.Exec(`DELETE FROM "tabSessions" WHERE sid = ?`, sid)
}

// SingleValue returns one stored value of a single document, nil when there is none.
func (t *Tx) SingleValue(doctype, field string) (any, error) {
	rows, err := t.Known("Singles", `SELECT value FROM "tabSingles" WHERE doctype = ? AND field = ?`, doctype, field)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0]["value"], nil
}

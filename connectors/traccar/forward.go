package traccar

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/config"
)

// SecretHeader carries the secret. It may stand in Authorization instead, as a
// bearer token.
const SecretHeader = "X-Webhook-Secret"

// ErrSecret says that a delivery does not carry the secret.
var ErrSecret = errors.New("secret missing or wrong")

// Verify checks that a delivery carries the secret, in one header and once.
func Verify(header http.Header, secret config.Secret) error {
	given := header.Values(SecretHeader)
	for _, value := range header.Values("Authorization") {
		token, ok := strings.CutPrefix(value, "Bearer ")
		if !ok {
			return fmt.Errorf("%w: Authorization holds no bearer token", ErrSecret)
		}
		given = append(given, token)
	}
	if secret.Empty() || len(given) != 1 {
		return ErrSecret
	}
	// Hashed, because a comparison takes the longer the longer what is given is.
	got, want := sha256.Sum256([]byte(given[0])), sha256.Sum256([]byte(secret.Reveal()))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return ErrSecret
	}
	return nil
}

// Forwarded is a position, or an event with the position that it happened at.
type Forwarded struct {
	Position *Position
	Device   Device
	Event    *Event // nil for a mere position
	Geofence string // name of the one that an event is about
}

// Parse reads the body of a forwarded position or event. A place that is none is a
// fault of the tracker's, which it may repeat every second, and no reason to refuse.
func Parse(body []byte) (Forwarded, error) {
	var sent struct {
		Position *wirePosition `json:"position"`
		Device   *wireDevice   `json:"device"`
		Event    *wireEvent    `json:"event"`
		Geofence *struct {
			Name string `json:"name"`
		} `json:"geofence"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return Forwarded{}, fmt.Errorf("reading what Traccar forwards: %w", err)
	}
	if sent.Position == nil && sent.Event == nil {
		return Forwarded{}, errors.New("reading what Traccar forwards: neither a position nor an event")
	}
	var f Forwarded
	if d := sent.Device; d != nil {
		f.Device = d.device()
	}
	if sent.Geofence != nil {
		f.Geofence = sent.Geofence.Name
	}
	var err error
	if f.Position, err = sent.Position.position(); err != nil && !errors.Is(err, errNowhere) {
		return Forwarded{}, err
	}
	if f.Event, err = sent.Event.event(); err != nil {
		return Forwarded{}, err
	}
	return f, f.agree()
}

// agree makes sure that one device is meant: a position and an event say its
// number themselves.
func (f *Forwarded) agree() error {
	for _, id := range f.ids() {
		if id == 0 {
			continue
		}
		if f.Device.ID != 0 && f.Device.ID != id {
			return errors.New("reading what Traccar forwards: it is of two devices")
		}
		f.Device.ID = id
	}
	if f.Device.ID <= 0 {
		return errors.New("reading what Traccar forwards: it names no device")
	}
	return nil
}

func (f *Forwarded) ids() []int64 {
	var ids []int64
	if f.Position != nil {
		ids = append(ids, f.Position.DeviceID)
	}
	if f.Event != nil {
		ids = append(ids, f.Event.DeviceID)
	}
	return ids
}

// Key is the same for every repetition, and differs from that of anything else.
//
// Of one position Traccar makes several events, all with its time: one for each
// alarm in it. It numbers them before it forwards them; where it does not, what
// they hold tells them apart. Positions are forwarded before they are numbered,
// so their own id (0) says nothing: they are told by the time of the place and,
// since a sign of life repeats the last known place, by the device's clock.
func (f Forwarded) Key() string {
	if e := f.Event; e != nil {
		which := strconv.FormatInt(e.ID, 10)
		if e.ID <= 0 && len(e.Attributes) > 0 {
			which = sumOf(e.Attributes)
		}
		return fmt.Sprintf("event:%d:%s@%d:%d:%d:%s", f.Device.ID, e.Type, e.At.UnixMilli(), e.GeofenceID, e.MaintenanceID, which)
	}
	said := f.Position.SaidAt
	if said.IsZero() {
		said = f.Position.FixedAt
	}
	return fmt.Sprintf("position:%d@%d/%d", f.Device.ID, f.Position.FixedAt.UnixMilli(), said.UnixMilli())
}

// sumOf is the same for the same attributes, in whatever order.
func sumOf(attributes map[string]json.RawMessage) string {
	text, err := json.Marshal(attributes) // sorts the names
	if err != nil {
		text = fmt.Append(nil, attributes) // they came out of JSON, so this cannot be
	}
	sum := sha256.Sum256(text)
	return "sha256-" + hex.EncodeToString(sum[:12])
}

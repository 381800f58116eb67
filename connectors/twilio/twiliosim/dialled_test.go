package twiliosim

import "testing"

func TestNumbersAreSaidAsTwilioSaysThem(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"(450) 555-0101": "+14505550101", "1 450 555 0101": "+14505550101", "+33123456789": "+33123456789", "71234": "71234",
	} {
		if got := dialled(written); got != want {
			t.Errorf("%s is said %s, want %s", written, got, want)
		}
	}
}

package words_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/schedule/words"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"*/15 * * * *", "toutes les 15 minutes", "every 15 minutes"},
		{"@every 1m", "à chaque minute", "every minute"},
		{"@every 90s", "toutes les 90 secondes", "every 90 seconds"},
		{"@hourly", "à la minute 0 de chaque heure", "at 0 minutes past every hour"},
		{"30 2 * * *", "chaque jour à 2 h 30", "every day at 02:30"},
		{"0 6 * * 1", "chaque lundi à 6 h", "every Monday at 06:00"},
		{"@monthly", "le 1er de chaque mois à 0 h", "on day 1 of every month at 00:00"},
		{"0 6 1 1 *", "", ""},
		{"0 6 * * 1-5", "", ""},
		{"1,2 3 4 5 6", "", ""},
	} {
		if fr, en := words.Of(c[0], hub.French), words.Of(c[0], hub.English); fr != c[1] || en != c[2] {
			t.Errorf("%s is %q, %q", c[0], fr, en)
		}
	}
}

package sqlite
import ("testing";"fmt")
func BenchmarkOurs(b *testing.B) {
	e, err := Open(b.Context(), b.TempDir()+"/x.db", Options{})
	if err != nil { b.Fatal(err) }
	e.Close()
	ours := engineContender(b, "ours", b.TempDir()+"/x.db", 0)
	for range 6 {
		ours.waits = nil
		ours.slice(b, 64)
		fmt.Printf("%.0f/s group %.1f\n", ours.rates[len(ours.rates)-1], float64(len(ours.waits))/float64(groups.Swap(0)))
	}
}

package sqlite
import ("testing";"fmt";"syscall";"time")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func BenchmarkOurs(b *testing.B) {
	var cs []*contender
	for _, ps := range []string{"4096","8192","16384","32768"} { 
		tunePS = ps
		cs = append(cs, engineContender(b, ps, b.TempDir()+"/x.db", 0))
	}
	cs = append(cs, logContender(b, b.TempDir()+"/log"))
	for _, fl := range []int{64,1} {
	cpus := make([]time.Duration, len(cs))
	for _, c := range cs { c.rates, c.waits = nil, nil }
	for range 11 { for i, c := range cs { c0 := cpu(); c.slice(b, fl); cpus[i] += cpu()-c0; time.Sleep(120*time.Millisecond) } }
	for i, c := range cs { fmt.Printf("%d %-20s %.0f/s p99=%.2f cpu=%v\n", fl, c.name, c.rate(), c.p99(), cpus[i]/time.Duration(len(c.waits))) }
	}
}
